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

std::string Header(int rows, int cols) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(rows) + ", " + std::to_string(cols) +
                       "), }";
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

}  // namespace

void WriteNpy(const std::string& path, const DescriptorMatrix& descriptors) {
  const std::string header = Header(descriptors.rows, descriptors.cols);
  std::string content(kMagic, kMagicSize);
  content += static_cast<char>(header.size() & 0xFF);
  content += static_cast<char>(header.size() >> 8);
  content += header;
  content.append(reinterpret_cast<const char*>(descriptors.data.data()),
                 descriptors.data.size() * sizeof(float));
  WriteFileAtomically(path, content);
}

NpyArray ReadNpyArray(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be opened for reading");
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const auto refuse = [&](const char* why) {
    return InputError(path + ": " + why);
  };
  if (content.compare(0, kMagicSize, kMagic, kMagicSize) != 0 ||
      content.size() < kPreamble) {
    throw refuse("is not a NumPy file of version 1.0");
  }
  const size_t length = static_cast<uint8_t>(content[kMagicSize]) +
                        256u * static_cast<uint8_t>(content[kMagicSize + 1]);
  const std::string header = content.substr(kPreamble, length);
  const bool wide = header.find("'<f8'") != std::string::npos;
  if ((!wide && header.find("'<f4'") == std::string::npos) ||
      header.find("'fortran_order': False") == std::string::npos) {
    throw refuse("does not hold float32 or float64 in C order");
  }
  NpyArray array;
  if (!ParseShape(header, array.shape)) throw refuse("has a damaged header");
  const size_t limit = content.size();  // no array is larger than its file
  size_t count = 1;
  for (const int64_t n : array.shape) {
    if (n != 0 && count > limit / n) throw refuse("is truncated");
    count *= n;
  }
  const size_t size = wide ? sizeof(double) : sizeof(float);
  if (content.size() != kPreamble + length + count * size) {
    throw refuse("is truncated or has trailing bytes");
  }
  const char* numbers = content.data() + kPreamble + length;
  array.data.resize(count);
  if (wide) {
    std::memcpy(array.data.data(), numbers, count * size);
  } else {
    std::vector<float> narrow(count);
    std::memcpy(narrow.data(), numbers, count * size);
    std::copy(narrow.begin(), narrow.end(), array.data.begin());
  }
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
