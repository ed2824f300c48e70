// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/atomic_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

InputError CannotWrite(const std::string& path, int code) {
  return InputError(path + ": cannot be written (" + std::strerror(code) + ")");
}

// 0, or the errno of what went wrong.
int Write(const std::string& path, std::string_view content) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return errno;
  errno = 0;
  const bool written =
      std::fwrite(content.data(), 1, content.size(), file) == content.size() &&
      std::fflush(file) == 0;
  const int code = written ? 0 : errno != 0 ? errno : EIO;
  if (std::fclose(file) != 0 && code == 0) return errno;
  return code;
}

}  // namespace

void WriteFileAtomically(const std::string& path, std::string_view content) {
  std::error_code error;
  // Devices and pipes (/dev/stdout) are written to, never replaced.
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) throw CannotWrite(path, EISDIR);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    if (const int code = Write(path, content)) throw CannotWrite(path, code);
    return;
  }
  // A link stays a link: the file behind it is replaced.
  const std::string target =
      fs::exists(status) ? fs::canonical(path, error).string() : path;
  const std::string part = target + "." + std::to_string(getpid()) + ".part";
  int code = Write(part, content);
  if (code == 0 && std::rename(part.c_str(), target.c_str()) != 0) code = errno;
  if (code != 0) {
    std::remove(part.c_str());
    throw CannotWrite(path, code);
  }
}

void EnsureWritableFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw CannotWrite(folder, error.value());
  if (!fs::is_directory(folder)) throw CannotWrite(folder, ENOTDIR);
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    throw CannotWrite(folder, errno);
}

}  // namespace tiepoint
