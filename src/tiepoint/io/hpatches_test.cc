// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/hpatches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::EndsWith;

class HPatchesTest : public testing::Test {
 protected:
  HPatchesTest() { fs::remove_all(folder_); }
  ~HPatchesTest() override { fs::remove_all(folder_); }

  // Patch i has the gray value first + i.
  void Write(const std::string& name, int patches, int first, int width = 65) {
    cv::Mat column(65 * patches, width, CV_8U);
    for (int i = 0; i < patches; ++i) {
      column.rowRange(65 * i, 65 * i + 65).setTo(first + i);
    }
    fs::create_directories((folder_ / name).parent_path());
    cv::imwrite((folder_ / name).string(), column);
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      (std::string("hpatches_") +
       testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(HPatchesTest, PatchIOfEveryFileIsOnePoint) {
  Write("v_one/t2.png", 3, 30);
  Write("v_one/ref.png", 3, 10);
  Write("v_one/e1.png", 3, 20);
  Write("i_two/ref.png", 2, 40);
  Write("other/photograph.png", 1, 0);
  EXPECT_THAT(FindHPatchesSequences(folder_.string()),
              ElementsAre(EndsWith("i_two"), EndsWith("v_one")));
  const auto files = ReadHPatchesSequence((folder_ / "v_one").string());
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].name, "ref.png");
  EXPECT_EQ(files[1].name, "e1.png");
  EXPECT_EQ(files[2].name, "t2.png");
  for (int f = 0; f < 3; ++f) {
    ASSERT_EQ(files[f].pixels.size(), 3u * kHPatchesPixels);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(files[f].pixels[i * kHPatchesPixels], 10 * (f + 1) + i);
      EXPECT_EQ(files[f].pixels[(i + 1) * kHPatchesPixels - 1],
                10 * (f + 1) + i);
    }
  }
}

TEST_F(HPatchesTest, WhatDoesNotFitIsAnError) {
  const std::string sequence = (folder_ / "v_one").string();
  EXPECT_TRUE(FindHPatchesSequences(folder_.string()).empty());
  EXPECT_THROW(ReadHPatchesSequence(sequence), InputError);
  Write("v_one/ref.png", 3, 10);
  Write("v_one/h1.png", 2, 10);
  EXPECT_THROW(ReadHPatchesSequence(sequence), InputError);
  Write("v_one/h1.png", 3, 10, 64);
  EXPECT_THROW(ReadHPatchesSequence(sequence), InputError);
  Write("v_one/h1.png", 3, 10);
  EXPECT_EQ(ReadHPatchesSequence(sequence).size(), 2u);
}

}  // namespace
}  // namespace tiepoint
