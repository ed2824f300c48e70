// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/journaled_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "tiepoint/base/checksum.h"
#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[] = "tiepoint journal 1\n";
constexpr size_t kMagicSize = sizeof(kMagic) - 1;

InputError CannotWrite(const std::string& path, int code) {
  return InputError(path + ": cannot be written (" + std::strerror(code) + ")");
}

void WriteAll(int descriptor, const std::string& path, const char* data,
              size_t count, uint64_t offset) {
  while (count > 0) {
    const ssize_t written =
        pwrite(descriptor, data, count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw CannotWrite(path, written < 0 ? errno : EIO);
    data += written;
    offset += written;
    count -= written;
  }
}

void AppendNumber(std::string& text, uint64_t value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

uint64_t NumberAt(const std::string& text, size_t position) {
  uint64_t value = 0;
  std::memcpy(&value, text.data() + position, sizeof(value));
  return value;
}

}  // namespace

std::string JournalPath(const std::string& path) { return path + ".journal"; }

void RecoverFile(const std::string& path) {
  if (fs::exists(JournalPath(path))) JournaledFile file(path);
}

JournaledFile::JournaledFile(const std::string& path)
    : path_(path), descriptor_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {
  if (descriptor_ < 0) throw CannotWrite(path, errno);
  try {
    // File systems that cannot lock are no reason to refuse.
    if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      throw InputError(path + ": is being used by another program");
    }
    Recover();
    struct stat status {};
    if (fstat(descriptor_, &status) != 0) throw CannotWrite(path, errno);
    size_ = status.st_size;
    committed_size_ = (size_ + kPageSize - 1) / kPageSize * kPageSize;
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

JournaledFile::~JournaledFile() { close(descriptor_); }

void JournaledFile::Read(uint64_t offset, void* data, size_t count) const {
  char* bytes = static_cast<char*>(data);
  std::memset(bytes, 0, count);
  for (size_t done = 0; done < count;) {
    const ssize_t got = pread(descriptor_, bytes + done, count - done,
                              static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw InputError(path_ + ": cannot be read (" + std::strerror(errno) +
                       ")");
    }
    if (got == 0) break;
    done += got;
  }
  // The pages that wait are newer than the file.
  for (auto it = changed_.lower_bound(offset / kPageSize);
       it != changed_.end() && it->first * kPageSize < offset + count; ++it) {
    const uint64_t start = it->first * kPageSize;
    const uint64_t from = std::max(start, offset);
    const uint64_t to = std::min(start + kPageSize, offset + count);
    std::memcpy(bytes + (from - offset), it->second.data() + (from - start),
                to - from);
  }
}

JournaledFile::Page& JournaledFile::ChangedPage(uint64_t index) {
  const auto found = changed_.find(index);
  if (found != changed_.end()) return found->second;
  Page page;
  Read(index * kPageSize, page.data(), kPageSize);
  return changed_.emplace(index, page).first->second;
}

void JournaledFile::Write(uint64_t offset, const void* data, size_t count) {
  const char* bytes = static_cast<const char*>(data);
  size_ = std::max<uint64_t>(size_, offset + count);
  while (count > 0 && offset < committed_size_) {
    const size_t within = offset % kPageSize;
    const size_t part = std::min(count, kPageSize - within);
    std::memcpy(ChangedPage(offset / kPageSize).data() + within, bytes, part);
    bytes += part;
    offset += part;
    count -= part;
  }
  WriteAll(descriptor_, path_, bytes, count, offset);
}

void JournaledFile::Extend(uint64_t size) {
  if (size <= size_) return;
  if (ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
    throw CannotWrite(path_, errno);
  }
  size_ = size;
}

void JournaledFile::Commit() {
  if (!changed_.empty()) {
    WriteJournal();
    ApplyPages();
    unlink(JournalPath(path_).c_str());
  }
  changed_.clear();
  committed_size_ = (size_ + kPageSize - 1) / kPageSize * kPageSize;
}

void JournaledFile::WriteJournal() const {
  std::string content(kMagic, kMagicSize);
  for (const auto& [index, page] : changed_) {
    AppendNumber(content, index);
    content.append(page.data(), page.size());
  }
  AppendNumber(content, Checksum(content));
  const std::string path = JournalPath(path_);
  const int journal =
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (journal < 0) throw CannotWrite(path, errno);
  try {
    WriteAll(journal, path, content.data(), content.size(), 0);
  } catch (...) {
    close(journal);
    unlink(path.c_str());
    throw;
  }
  close(journal);
}

void JournaledFile::ApplyPages() {
  for (const auto& [index, page] : changed_) {
    WriteAll(descriptor_, path_, page.data(), page.size(), index * kPageSize);
  }
}

void JournaledFile::Recover() {
  const std::string path = JournalPath(path_);
  std::ifstream file(path, std::ios::binary);
  if (!file) return;
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  constexpr size_t kRecord = sizeof(uint64_t) + kPageSize;
  const bool whole =
      content.size() >= kMagicSize + sizeof(uint64_t) &&
      (content.size() - kMagicSize - sizeof(uint64_t)) % kRecord == 0 &&
      content.compare(0, kMagicSize, kMagic) == 0 &&
      NumberAt(content, content.size() - sizeof(uint64_t)) ==
          Checksum(std::string_view(content).substr(
              0, content.size() - sizeof(uint64_t)));
  if (whole) {
    for (size_t at = kMagicSize; at + kRecord <= content.size();
         at += kRecord) {
      WriteAll(descriptor_, path_, content.data() + at + sizeof(uint64_t),
               kPageSize, NumberAt(content, at) * kPageSize);
    }
  }
  unlink(path.c_str());
}

}  // namespace tiepoint
