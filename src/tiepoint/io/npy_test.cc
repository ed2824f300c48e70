// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class FilesTest : public ::testing::Test {
 protected:
  FilesTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_io_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~FilesTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ / name; }
  static std::string Content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path folder_;
};

using NpyTest = FilesTest;
using AtomicFileTest = FilesTest;

TEST_F(NpyTest, BytesAreWhatTheFormatAsks) {
  const DescriptorMatrix matrix{2, 3, {1, -2.5f, 3, 0, 1e-30f, 255}};
  WriteNpy(Path("a.npy"), matrix);
  const std::string bytes = Content(Path("a.npy"));
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const size_t header =
      static_cast<uint8_t>(bytes[8]) + 256 * static_cast<uint8_t>(bytes[9]);
  EXPECT_EQ((10 + header) % 64, 0u);
  EXPECT_EQ(bytes[10 + header - 1], '\n');
  EXPECT_THAT(bytes, HasSubstr("'shape': (2, 3)"));
  ASSERT_EQ(bytes.size(), 10 + header + 6 * 4);
  float second = 0;
  std::memcpy(&second, bytes.data() + 10 + header + 4, 4);
  EXPECT_EQ(second, -2.5f);
}

TEST_F(NpyTest, ComesBackEqual) {
  for (const DescriptorMatrix& matrix :
       {DescriptorMatrix{2, 2, {1, 2, 3, 4}}, DescriptorMatrix{0, 128, {}}}) {
    WriteNpy(Path("b.npy"), matrix);
    const DescriptorMatrix back = ReadNpy(Path("b.npy"));
    EXPECT_EQ(back.rows, matrix.rows);
    EXPECT_EQ(back.cols, matrix.cols);
    EXPECT_EQ(back.data, matrix.data);
  }
}

TEST_F(NpyTest, RefusesOtherFiles) {
  EXPECT_THROW(ReadNpy(Path("missing.npy")), InputError);
  WriteFileAtomically(Path("text.npy"), "hello");
  EXPECT_THROW(ReadNpy(Path("text.npy")), InputError);
  WriteNpy(Path("c.npy"), DescriptorMatrix{1, 2, {1, 2}});
  const std::string bytes = Content(Path("c.npy"));
  WriteFileAtomically(Path("cut.npy"), bytes.substr(0, bytes.size() - 1));
  EXPECT_THROW(ReadNpy(Path("cut.npy")), InputError);
}

TEST_F(AtomicFileTest, ReplacesAndLeavesNothingElse) {
  WriteFileAtomically(Path("x"), "old, and longer than the new");
  WriteFileAtomically(Path("x"), std::string("new\0!", 5));
  EXPECT_EQ(Content(Path("x")), std::string("new\0!", 5));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(AtomicFileTest, ALinkStaysALink) {
  WriteFileAtomically(Path("behind"), "1");
  fs::create_symlink(Path("behind"), Path("link"));
  WriteFileAtomically(Path("link"), "2");
  EXPECT_TRUE(fs::is_symlink(Path("link")));
  EXPECT_EQ(Content(Path("behind")), "2");
}

TEST_F(AtomicFileTest, FailsInOneLineThatNamesTheFile) {
  WriteFileAtomically(Path("file"), "");
  for (const std::string& path : {Path("no/such/folder/x"), Path("file/x"),
                                  folder_.string(), std::string("/dev/full")}) {
    EXPECT_THAT([&] { WriteFileAtomically(path, "content"); },
                ThrowsMessage<InputError>(HasSubstr(path)));
  }
  // The device is still a device.
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(AtomicFileTest, MakesFolders) {
  EnsureWritableFolder(Path("a/b/c"));
  EXPECT_TRUE(fs::is_directory(Path("a/b/c")));
  WriteFileAtomically(Path("file"), "");
  EXPECT_THROW(EnsureWritableFolder(Path("file")), InputError);
  EXPECT_THROW(EnsureWritableFolder(Path("file/below")), InputError);
}

}  // namespace
}  // namespace tiepoint
