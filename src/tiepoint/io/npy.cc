// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/npy.h"

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <vector>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"

static_assert(std::endian::native == std::endian::little,
              "the numbers are written as they lie in memory");

namespace tiepoint {
namespace {

constexpr char kMagic[] = "\x93NUMPY\x01\x00";  // version 1.0
constexpr size_t kMagicSize = 8;
constexpr size_t kPreamble = kMagicSize + 2;  // and the length of the header

std::string Header(const char* type, const std::vector<int64_t>& shape) {
  std::string sizes;
  for (const int64_t size : shape) {
    sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  }
  if (shape.size() == 1) sizes += ",";  // a tuple of one
  std::string header = std::string("{'descr': '") + type +
                       "', 'fortran_order': False, 'shape': (" + sizes + "), }";
  // NumPy wants the numbers to begin at a multiple of 64 bytes, after '\n'.
  const size_t used = (kPreamble + header.size() + 1) % 64;
  header.append(used == 0 ? 0 : 64 - used, ' ');
  return header + '\n';
}

// The numbers of "'shape': (2, 3)"; whether there are such.
bool ParseShape(const std::string& header, std::vector<int64_t>& shape) {
  const std::string key = "'shape': (";
  size_t at = header.find(key);
  if (at == std::string::npos) return false;
  at += key.size();
  const size_t end = header.find(')', at);
  if (end == std::string::npos) return false;
  while (at < end) {
    const size_t comma = std::min(header.find(',', at), end);
    const std::string item = header.substr(at, comma - at);
    at = comma + 1;
    if (item.find_first_not_of(' ') == std::string::npos) continue;
    int64_t n = 0;
    char rest = 0;
    if (std::sscanf(item.c_str(), " %" SCNd64 "%c", &n, &rest) != 1 || n < 0) {
      return false;
    }
    shape.push_back(n);
  }
  return true;
}

template <typename T>
std::string Content(const char* type, const std::vector<int64_t>& shape,
                    const std::vector<T>& data) {
  const std::string header = Header(type, shape);
  std::string content(kMagic, kMagicSize);
  content += static_cast<char>(header.size() & 0xFF);
  content += static_cast<char>(header.size() >> 8);
  content += header;
  content.append(reinterpret_cast<const char*>(data.data()),
                 data.size() * sizeof(T));
  return content;
}

template <typename T>
std::vector<double> Convert(const char* numbers, size_t count) {
  std::vector<T> narrow(count);
  if (count > 0) std::memcpy(narrow.data(), numbers, count * sizeof(T));
  return {narrow.begin(), narrow.end()};
}

}  // namespace

std::string NpyContent(const std::vector<int64_t>& shape,
                       const std::vector<float>& data) {
  return Content("<f4", shape, data);
}

std::string NpyContent(const std::vector<int64_t>& shape,
                       const std::vector<int64_t>& data) {
  return Content("<i8", shape, data);
}

void WriteNpy(const std::string& path, const DescriptorMatrix& descriptors) {
  WriteFileAtomically(
      path, NpyContent({descriptors.rows, descriptors.cols}, descriptors.data));
}

NpyArray ReadNpyArray(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be opened for reading");
  return ParseNpy({std::istreambuf_iterator<char>(file), {}}, path);
}

NpyArray ParseNpy(const std::string& content, const std::string& where) {
  const auto refuse = [&](const char* why) {
    return InputError(where + ": " + why);
  };
  if (content.compare(0, kMagicSize, kMagic, kMagicSize) != 0 ||
      content.size() < kPreamble) {
    throw refuse("is not a NumPy file of version 1.0");
  }
  const size_t length = static_cast<uint8_t>(content[kMagicSize]) +
                        256u * static_cast<uint8_t>(content[kMagicSize + 1]);
  const std::string header = content.substr(kPreamble, length);
  const auto holds = [&](const char* type) {
    return header.find(type) != std::string::npos;
  };
  const bool f4 = holds("'<f4'"), f8 = holds("'<f8'"), i4 = holds("'<i4'"),
             i8 = holds("'<i8'");
  if ((!f4 && !f8 && !i4 && !i8) || !holds("'fortran_order': False")) {
    throw refuse("does not hold float32, float64, int32 or int64 in C order");
  }
  NpyArray array;
  if (!ParseShape(header, array.shape)) throw refuse("has a damaged header");
  const size_t limit = content.size();  // no array is larger than its file
  size_t count = 1;
  for (const int64_t n : array.shape) {
    if (n != 0 && count > limit / n) throw refuse("is truncated");
    count *= n;
  }
  const size_t size = f8 || i8 ? 8 : 4;
  if (content.size() != kPreamble + length + count * size) {
    throw refuse("is truncated or has trailing bytes");
  }
  const char* numbers = content.data() + kPreamble + length;
  array.data = f4   ? Convert<float>(numbers, count)
               : f8 ? Convert<double>(numbers, count)
               : i4 ? Convert<int32_t>(numbers, count)
                    : Convert<int64_t>(numbers, count);
  return array;
}

DescriptorMatrix ReadNpy(const std::string& path) {
  const NpyArray array = ReadNpyArray(path);
  constexpr int64_t kLimit = std::numeric_limits<int>::max();
  if (array.shape.size() != 2 || array.shape[0] > kLimit ||
      array.shape[1] > kLimit) {
    throw InputError(path + ": does not hold a matrix");
  }
  return {static_cast<int>(array.shape[0]),
          static_cast<int>(array.shape[1]),
          {array.data.begin(), array.data.end()}};
}

}  // namespace tiepoint
