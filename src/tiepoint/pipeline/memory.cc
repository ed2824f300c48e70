// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/memory.h"

#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "tiepoint/base/error.h"
#include "tiepoint/image/filter.h"
#include "tiepoint/image/pyramid.h"

namespace tiepoint {

int64_t ParseMemory(const std::string& text) {
  const auto fail = [&]() -> int64_t {
    throw InputError("memory: '" + text +
                     "' is no size; give for example 1.5G or 500M");
  };
  // Not what strtod takes else: signs, "inf", "0x10".
  size_t length = 0;
  while (length < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[length])) != 0 ||
          text[length] == '.')) {
    ++length;
  }
  char* end = nullptr;
  const std::string digits = text.substr(0, length);
  double bytes = std::strtod(digits.c_str(), &end);
  if (length == 0 || *end != '\0') return fail();
  std::string unit;
  for (const char c : text.substr(length)) {
    unit += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (unit.size() > 1 && unit.ends_with("IB")) {
    unit.resize(unit.size() - 2);
  } else if (unit.ends_with('B')) {
    unit.pop_back();
  }
  const std::string units = "KMGT";
  if (unit.size() > 1) return fail();
  if (!unit.empty()) {
    const size_t power = units.find(unit);
    if (power == std::string::npos) return fail();
    bytes *= std::exp2(10.0 * static_cast<double>(power + 1));
  }
  if (!(bytes >= 1 && bytes < 1e18)) return fail();
  return static_cast<int64_t>(bytes);
}

std::string MemoryText(int64_t bytes) {
  constexpr int64_t kMega = 1 << 20, kGiga = 1 << 30;
  if (bytes < kGiga) {
    return std::to_string((bytes + kMega - 1) / kMega) + "M";
  }
  const double tenths = std::ceil(static_cast<double>(bytes) / kGiga * 10);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.12gG", tenths / 10);
  return text.data();
}

int64_t PhotographBytes(const Image& image) {
  return static_cast<int64_t>(image.gray.pixels.size() * sizeof(float) +
                              image.bgr.size());
}

int64_t PyramidBytes(int width, int height) {
  int64_t pixels = 0;
  const int count = NumOctavesOf(width, height);
  for (int k = 1; k < count; ++k) {
    width = ResampledSize(width, 2);
    height = ResampledSize(height, 2);
    pixels += int64_t{width} * height;
  }
  return pixels * static_cast<int64_t>(sizeof(float));
}

}  // namespace tiepoint
