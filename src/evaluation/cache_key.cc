// SPDX-License-Identifier: Apache-2.0
#include "evaluation/cache_key.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <opencv2/core/utility.hpp>

#include "tiepoint/base/checksum.h"
#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

std::string Hexadecimal(uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx",
                static_cast<unsigned long long>(value));
  return text.data();
}

}  // namespace

std::string HexChecksum(std::string_view bytes) {
  return Hexadecimal(Checksum(bytes));
}

std::string FileChecksum(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be read");
  uint64_t hash = kChecksumOfNothing;
  std::string block(1 << 20, '\0');
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    hash = Checksum(std::string_view(block).substr(0, file.gcount()), hash);
  }
  return Hexadecimal(hash);
}

const std::string& ProgramChecksum() {
  static const std::string kChecksum =
      FileChecksum("/proc/self/exe") + "-opencv-" + cv::getVersionString();
  return kChecksum;
}

std::string FileStamp(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return path;
  const auto time = std::filesystem::last_write_time(path, error);
  return path + " " + std::to_string(size) + " " +
         std::to_string(time.time_since_epoch().count());
}

}  // namespace tiepoint
