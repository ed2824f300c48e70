// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/npy.h"

#include <bit>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "tiepoint/base/error.h"
#include "tiepoint/io/atomic_file.h"

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

DescriptorMatrix ReadNpy(const std::string& path) {
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
  if (header.find("'<f4'") == std::string::npos ||
      header.find("'fortran_order': False") == std::string::npos) {
    throw refuse("does not hold float32 in C order");
  }
  DescriptorMatrix descriptors;
  const size_t shape = header.find("'shape':");
  if (shape == std::string::npos ||
      std::sscanf(header.c_str() + shape, "'shape': (%d, %d)",
                  &descriptors.rows, &descriptors.cols) != 2 ||
      descriptors.rows < 0 || descriptors.cols < 0) {
    throw refuse("does not hold a matrix");
  }
  const size_t count = static_cast<size_t>(descriptors.rows) * descriptors.cols;
  if (content.size() != kPreamble + length + count * sizeof(float)) {
    throw refuse("is truncated or has trailing bytes");
  }
  descriptors.data.resize(count);
  std::memcpy(descriptors.data.data(), content.data() + kPreamble + length,
              count * sizeof(float));
  return descriptors;
}

}  // namespace tiepoint
