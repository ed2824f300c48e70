// SPDX-License-Identifier: Apache-2.0
#include "evaluation/homography_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

class HomographySetTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() /
            ("tiepoint_homography_set_" + std::to_string(getpid()));
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& name, const std::string& text = "x") {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  fs::path root_;
};

constexpr char kMatrix[] = "1 0 5\n0 1 -7\n0 0 1\n";

TEST_F(HomographySetTest, ReadsOxford) {
  Write("img1.png");
  Write("img10.png");
  Write("img2.ppm");
  Write("H1to10p", kMatrix);
  // As the Oxford files are written: tabs, exponents, blank lines.
  Write("H1to2p",
        "\n   8.7e-01\t  3.1e-01  -39.4 \r\n -1.8E-1 .9 153\n\n"
        " 1.9e-04 -1.6e-05 1.0\n\n");
  const auto pairs = ReadHomographySequence(root_.string());
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].sequence, root_.filename());
  EXPECT_EQ(pairs[0].index, 2);
  EXPECT_EQ(fs::path(pairs[0].path1).filename(), "img1.png");
  EXPECT_EQ(fs::path(pairs[0].path2).filename(), "img2.ppm");
  EXPECT_EQ(pairs[0].homography,
            (Matrix3{0.87, 0.31, -39.4, -0.18, 0.9, 153, 1.9e-4, -1.6e-5, 1}));
  EXPECT_EQ(pairs[1].index, 10);
}

TEST_F(HomographySetTest, ReadsHpatches) {
  Write("1.png");
  Write("3.jpg");
  Write("H_1_3", kMatrix);
  Write("notes.txt");
  const auto pairs = ReadHomographySequence(root_.string());
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].index, 3);
  EXPECT_EQ(fs::path(pairs[0].path2).filename(), "3.jpg");
  EXPECT_EQ(pairs[0].homography, (Matrix3{1, 0, 5, 0, 1, -7, 0, 0, 1}));
}

TEST_F(HomographySetTest, RefusesWhatItCannotUse) {
  const auto message = [&]() -> std::string {
    try {
      ReadHomographySequence(root_.string());
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message(), "");
  Write("H_1_2", kMatrix);
  Write("1.png");
  EXPECT_THAT(message(), testing::HasSubstr("no such photo"));
  Write("2.png");
  EXPECT_EQ(message(), "");
  for (const char* bad :
       {"1 0 0 0 1 0 0 0", "1 0 0 0 1 0 0 0 1 1", "", "1 0 0 0 x 0 0 0 1"}) {
    Write("H_1_2", bad);
    EXPECT_THAT(message(), testing::HasSubstr("nine numbers"));
  }
  Write("H_1_2", "1 2 3 2 4 6 0 0 1");
  EXPECT_THAT(message(), testing::HasSubstr("invertible"));
}

}  // namespace
}  // namespace tiepoint
