// SPDX-License-Identifier: Apache-2.0
// A file that is changed in place and yet is never half changed, whenever the
// program ends. New bytes go behind the end at once; old bytes that change wait
// in memory until Commit(), which writes them to a journal beside the file
// (PATH.journal) first and to their place then. A journal that is found later
// is either whole (its pages are written again) or not (nothing had changed
// yet). This guards against the end of the program (SIGKILL too), not of the
// machine: nothing waits for the disk.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace tiepoint {

class JournaledFile {
 public:
  // Opens a file that exists, alone (others that try are refused), and repairs
  // it first. Throws InputError when that is not possible.
  explicit JournaledFile(const std::string& path);
  ~JournaledFile();  // what was not committed is lost
  JournaledFile(const JournaledFile&) = delete;
  JournaledFile& operator=(const JournaledFile&) = delete;

  uint64_t Size() const { return size_; }
  // Bytes behind the end are zeros.
  void Read(uint64_t offset, void* data, size_t count) const;
  void Write(uint64_t offset, const void* data, size_t count);
  // Makes the file at least this long.
  void Extend(uint64_t size);
  // Everything written so far is there to stay. Throws InputError when the disk
  // is full; nothing is committed then.
  void Commit();

 private:
  static constexpr size_t kPageSize = 4096;
  using Page = std::array<char, kPageSize>;

  Page& ChangedPage(uint64_t index);
  void WriteJournal() const;
  void ApplyPages();
  void Recover();

  std::string path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
  // Pages below this are changed in memory only; a whole number of pages.
  uint64_t committed_size_ = 0;
  std::map<uint64_t, Page> changed_;  // by index of the page
};

// Where the journal of a file is.
std::string JournalPath(const std::string& path);

// Repairs a file that a program left half changed; does nothing where there is
// no journal. Throws InputError when the file cannot be written or another
// program is writing it.
void RecoverFile(const std::string& path);

}  // namespace tiepoint
