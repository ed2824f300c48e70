// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/safetensors.h"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

static_assert(std::endian::native == std::endian::little);

// Far above any header of ours; a damaged length must not ask for memory.
constexpr uint64_t kMaxHeader = 64 << 20;

[[noreturn]] void Fail(const std::string& path, const std::string& why) {
  throw InputError("weights file '" + path + "': " + why);
}

std::string ReadWhole(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    Fail(path, "no such file");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) Fail(path, "cannot be read");
  return std::move(content).str();
}

Tensor ParseTensor(const std::string& path, const std::string& name,
                   const nlohmann::json& item, const char* data,
                   uint64_t data_size) {
  const auto type = item.at("dtype").get<std::string>();
  if (type != "F32" && type != "F16") {
    Fail(path, "tensor '" + name + "' has type " + type +
                   "; F32 and F16 are supported");
  }
  const uint64_t element = type == "F32" ? 4 : 2;
  Tensor tensor;
  tensor.shape = item.at("shape").get<std::vector<int64_t>>();
  uint64_t count = 1;
  for (const int64_t n : tensor.shape) {
    if (n < 0 || n > (int64_t{1} << 31)) {
      Fail(path, "tensor '" + name + "' has a bad shape");
    }
    count *= static_cast<uint64_t>(n);
    if (count > data_size) {
      Fail(path, "truncated in tensor '" + name + "'");
    }
  }
  const auto offsets = item.at("data_offsets").get<std::vector<uint64_t>>();
  if (offsets.size() != 2 || offsets[0] > offsets[1] ||
      offsets[1] - offsets[0] != count * element) {
    Fail(path, "tensor '" + name + "' has bad offsets");
  }
  if (offsets[1] > data_size) Fail(path, "truncated in tensor '" + name + "'");
  tensor.data.resize(count);
  const char* begin = data + offsets[0];
  if (element == 4) {
    std::memcpy(tensor.data.data(), begin, count * 4);
  } else {
    for (uint64_t i = 0; i < count; ++i) {
      uint16_t half;
      std::memcpy(&half, begin + 2 * i, 2);
      tensor.data[i] = FloatFromHalf(half);
    }
  }
  for (const float v : tensor.data) {
    if (!std::isfinite(v)) {
      Fail(path, "tensor '" + name + "' holds a value that is not finite");
    }
  }
  return tensor;
}

}  // namespace

int64_t Tensor::Size() const {
  int64_t size = 1;
  for (const int64_t n : shape) size *= n;
  return size;
}

uint16_t HalfFromFloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const float magnitude = std::fabs(value);
  if (!(magnitude < 65520.0f)) return sign | 0x7c00;  // overflow or NaN
  if (magnitude < 0x1p-14f) {
    // Subnormal: multiples of 2^-24; nearbyint rounds to even.
    return sign | static_cast<uint16_t>(std::nearbyint(magnitude * 0x1p24f));
  }
  const uint32_t m = std::bit_cast<uint32_t>(magnitude);
  const uint32_t rounded = m + 0x0fff + ((m >> 13) & 1);
  return sign | static_cast<uint16_t>((rounded >> 13) - (112u << 10));
}

float FloatFromHalf(uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int mantissa = half & 1023;
  float value;
  if (exponent == 0) {
    value = std::ldexp(static_cast<float>(mantissa), -24);
  } else if (exponent == 31) {
    value = mantissa ? NAN : INFINITY;
  } else {
    value = std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
  }
  return half & 0x8000 ? -value : value;
}

SafeTensors ReadSafeTensors(const std::string& path) {
  const std::string file = ReadWhole(path);
  if (file.size() < 8) Fail(path, "too short to be a safetensors file");
  uint64_t header_size;
  std::memcpy(&header_size, file.data(), 8);
  if (header_size > kMaxHeader || header_size > file.size() - 8) {
    Fail(path, "not a safetensors file, or truncated");
  }
  const char* data = file.data() + 8 + header_size;
  const uint64_t data_size = file.size() - 8 - header_size;
  SafeTensors content;
  try {
    const auto header =
        nlohmann::json::parse(file.data() + 8, file.data() + 8 + header_size);
    if (!header.is_object()) Fail(path, "the header is damaged");
    for (const auto& [name, item] : header.items()) {
      if (name == "__metadata__") {
        content.metadata = item.get<std::map<std::string, std::string>>();
      } else {
        content.tensors[name] = ParseTensor(path, name, item, data, data_size);
      }
    }
  } catch (const nlohmann::json::exception&) {
    Fail(path, "the header is damaged");
  }
  return content;
}

void WriteSafeTensors(const std::string& path, const SafeTensors& content,
                      bool half) {
  nlohmann::ordered_json header;
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  uint64_t offset = 0;
  const uint64_t element = half ? 2 : 4;
  for (const auto& [name, tensor] : content.tensors) {
    const uint64_t size = tensor.data.size() * element;
    header[name] = {{"dtype", half ? "F16" : "F32"},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // tensors start aligned
  const uint64_t header_size = text.size();

  const std::string temporary = path + ".part";
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(&header_size), 8);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    for (const auto& [name, tensor] : content.tensors) {
      if (half) {
        std::vector<uint16_t> halves(tensor.data.size());
        for (size_t i = 0; i < halves.size(); ++i) {
          halves[i] = HalfFromFloat(tensor.data[i]);
        }
        file.write(reinterpret_cast<const char*>(halves.data()),
                   static_cast<std::streamsize>(halves.size() * 2));
      } else {
        file.write(reinterpret_cast<const char*>(tensor.data.data()),
                   static_cast<std::streamsize>(tensor.data.size() * 4));
      }
    }
    file.flush();
    if (!file) {
      std::remove(temporary.c_str());
      throw InputError("cannot write '" + path +
                       "' (folder missing, not "
                       "writable, or disk full)");
    }
  }
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  if (error) {
    std::remove(temporary.c_str());
    throw InputError("cannot write '" + path + "': " + error.message());
  }
}

}  // namespace tiepoint
