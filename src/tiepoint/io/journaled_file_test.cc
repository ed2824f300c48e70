// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/journaled_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/checksum.h"
#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class JournaledFileTest : public ::testing::Test {
 protected:
  JournaledFileTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_journal_test_" + std::to_string(getpid()))),
        path_(folder_ / "file") {
    fs::create_directories(folder_);
  }
  ~JournaledFileTest() override { fs::remove_all(folder_); }

  static std::string Content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string Start(size_t size) const {
    return Content(path_).substr(0, size);
  }

  fs::path folder_;
  std::string path_;
};

// Three pages and a bit.
const std::string kOld(3 * 4096 + 100, 'o');

TEST_F(JournaledFileTest, OldBytesChangeWithTheCommitOnly) {
  WriteFileAtomically(path_, kOld);
  std::string expected = kOld;
  {
    JournaledFile file(path_);
    // Over the boundary of two pages, and over the end.
    file.Write(4090, "0123456789", 10);
    file.Write(kOld.size() - 2, "abcde", 5);
    EXPECT_EQ(Start(kOld.size()), kOld);
    // What was written is read, wherever it is.
    std::string read(14, ' ');
    file.Read(4088, read.data(), read.size());
    EXPECT_EQ(read, "oo0123456789oo");
    read.assign(7, ' ');
    file.Read(kOld.size() - 3, read.data(), read.size());
    EXPECT_EQ(read, std::string("oabcde\0", 7));
    EXPECT_EQ(file.Size(), kOld.size() + 3);

    file.Commit();
    expected.replace(4090, 10, "0123456789");
    expected.replace(kOld.size() - 2, 2, "abcde");
    EXPECT_EQ(Start(expected.size()), expected);
    EXPECT_FALSE(fs::exists(JournalPath(path_)));

    file.Write(0, "lost", 4);
  }
  EXPECT_EQ(Start(expected.size()), expected);
}

TEST_F(JournaledFileTest, NewBytesGoBehindTheEndAtOnce) {
  WriteFileAtomically(path_, kOld);
  JournaledFile file(path_);
  file.Write(5 * 4096, "new", 3);
  EXPECT_EQ(Content(path_).substr(5 * 4096), "new");
  file.Extend(6 * 4096);
  EXPECT_EQ(fs::file_size(path_), 6 * 4096u);
}

// The program may end before, while or after the journal is written, and while
// its pages are: the file is the old one or the new one.
TEST_F(JournaledFileTest, IsOldOrNewWhereverTheProgramEnds) {
  // The journal of a commit that changes the second page, written by hand.
  const std::string page(4096, 'n');
  const uint64_t index = 1;
  std::string journal = "tiepoint journal 1\n";
  journal.append(reinterpret_cast<const char*>(&index), 8);
  journal += page;
  const uint64_t sum = Checksum(journal);
  journal.append(reinterpret_cast<const char*>(&sum), 8);
  std::string renewed = kOld;
  renewed.replace(4096, 4096, page);

  for (const size_t size :
       {size_t{0}, size_t{5}, size_t{19}, size_t{27}, journal.size() - 1}) {
    WriteFileAtomically(path_, kOld);
    WriteFileAtomically(JournalPath(path_), journal.substr(0, size));
    RecoverFile(path_);
    EXPECT_EQ(Content(path_), kOld) << size;
    EXPECT_FALSE(fs::exists(JournalPath(path_)));
  }
  for (const size_t applied : {0, 1, 2000, 4096}) {
    std::string half = kOld;
    half.replace(4096, applied, page.substr(0, applied));
    WriteFileAtomically(path_, half);
    WriteFileAtomically(JournalPath(path_), journal);
    RecoverFile(path_);
    EXPECT_EQ(Content(path_), renewed) << applied;
    EXPECT_FALSE(fs::exists(JournalPath(path_)));
  }
}

TEST_F(JournaledFileTest, OneProgramAtATime) {
  WriteFileAtomically(path_, kOld);
  const JournaledFile file(path_);
  EXPECT_THAT([&] { JournaledFile other(path_); },
              ThrowsMessage<InputError>(HasSubstr("another program")));
}

TEST_F(JournaledFileTest, MissingFile) {
  EXPECT_THAT([&] { JournaledFile file(path_); },
              ThrowsMessage<InputError>(HasSubstr(path_)));
}

}  // namespace
}  // namespace tiepoint
