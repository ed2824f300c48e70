// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/patch_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/image/read_image.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PatchSetTest : public testing::Test {
 protected:
  PatchSetTest() { fs::remove_all(folder_); }
  ~PatchSetTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / name) << text;
  }

  // `action` fails with one line that holds `words`.
  template <typename F>
  void ExpectError(const F& action, const std::string& words) {
    try {
      action();
      ADD_FAILURE() << "no error; expected: " << words;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(words));
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      (std::string("patch_set_") +
       testing::UnitTest::GetInstance()->current_test_info()->name());
};

std::vector<uint8_t> RandomPixels(int patches) {
  Random random(5);
  std::vector<uint8_t> pixels(static_cast<size_t>(patches) * kPatchPixels);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.Bits());
  return pixels;
}

// Three patches a point.
std::vector<int> Triples(int patches) {
  std::vector<int> points(patches);
  for (int i = 0; i < patches; ++i) points[i] = i / 3;
  return points;
}

TEST_F(PatchSetTest, WhatIsWrittenIsReadBack) {
  constexpr int kPatches = 300;  // a mosaic and a part of one
  const auto pixels = RandomPixels(kPatches);
  const auto points = Triples(kPatches);
  const auto pairs = DrawPairs(points, 50, 1);
  WritePatchSet(folder_.string(), pixels, points, pairs);

  const PatchSet set(folder_.string());
  EXPECT_EQ(set.Name(), folder_.filename().string());
  EXPECT_EQ(set.Points(), points);
  EXPECT_EQ(set.NumMosaics(), 2);
  std::vector<uint8_t> read = set.ReadMosaic(0);
  EXPECT_EQ(read.size(), size_t{256} * kPatchPixels);
  for (const uint8_t pixel : set.ReadMosaic(1)) read.push_back(pixel);
  EXPECT_EQ(read, pixels);
  EXPECT_EQ(set.MatchFiles(), std::vector<std::string>{"m50_50_50_0.txt"});
  EXPECT_EQ(set.ReadPairs("m50_50_50_0.txt"), pairs);
}

TEST_F(PatchSetTest, MosaicsAreRowMajor) {
  const auto pixels = RandomPixels(20);
  WritePatchSet(folder_.string(), pixels, Triples(20), {});
  const Image image = ReadImage((folder_ / "patches0000.bmp").string());
  ASSERT_EQ(image.width, 1024);
  ASSERT_EQ(image.height, 1024);
  // Patch 17 is the second of the second row; its pixel (5, 3).
  EXPECT_EQ(image.gray.At(64 + 5, 64 + 3), pixels[17 * 4096 + 3 * 64 + 5]);
  // Nothing where there is no patch.
  EXPECT_EQ(image.gray.At(1000, 1000), 0);
}

TEST_F(PatchSetTest, ReadsSixAndSevenColumns) {
  Write("info.txt", "7 0\n7 0\n9 0\n9 3\n");
  Write("m50_2_2_0.txt", "0 7 0 1 7 0 0\n1 7 0 3 9 0\n\n");
  const PatchSet set(folder_.string());
  EXPECT_EQ(set.Points(), (std::vector<int>{7, 7, 9, 9}));
  EXPECT_EQ(set.ReadPairs("m50_2_2_0.txt"),
            (std::vector<PatchPair>{{0, 1, true}, {1, 3, false}}));
}

TEST_F(PatchSetTest, BadInfoIsOneLine) {
  ExpectError([&] { PatchSet set(folder_.string()); },
              "info.txt: no such file");
  Write("info.txt", "");
  ExpectError([&] { PatchSet set(folder_.string()); }, "info.txt: is empty");
  Write("info.txt", "0 0\nzero 0\n");
  ExpectError([&] { PatchSet set(folder_.string()); },
              "info.txt:2: does not begin with the number of a point");
  Write("info.txt", "0 0\n\n1 0\n");
  ExpectError([&] { PatchSet set(folder_.string()); }, "info.txt:2: is empty");
}

TEST_F(PatchSetTest, BadMatchFilesAreOneLine) {
  Write("info.txt", "0 0\n0 0\n1 0\n");
  const PatchSet set(folder_.string());
  const auto read = [&] { set.ReadPairs("m50.txt"); };
  ExpectError(read, "m50.txt: no such file");
  Write("m50.txt", "");
  ExpectError(read, "m50.txt: is empty");
  Write("m50.txt", "0 0 0 1 0 0\n0 0 0 3 1 0\n");
  ExpectError(read, "m50.txt:2: there is no patch 3; the set has 3");
  Write("m50.txt", "-1 0 0 1 0 0\n");
  ExpectError(read, "m50.txt:1: there is no patch -1");
  Write("m50.txt", "0 0 0 2 0 0\n");
  ExpectError(read, "patch 2 shows point 1 by info.txt, not 0");
  Write("m50.txt", "0 0 0 2\n");
  ExpectError(read, "m50.txt:1: is not: patch, point, any");
}

TEST_F(PatchSetTest, BadMosaicsAreOneLine) {
  WritePatchSet(folder_.string(), RandomPixels(3), Triples(3), {});
  const PatchSet set(folder_.string());
  const fs::path mosaic = folder_ / "patches0000.bmp";
  fs::resize_file(mosaic, fs::file_size(mosaic) / 2);
  ExpectError([&] { set.ReadMosaic(0); }, "patches0000.bmp: is not an image");
  std::ofstream(mosaic) << "P5 2 1 255\n  ";
  ExpectError([&] { set.ReadMosaic(0); },
              "patches0000.bmp: is 2 x 1 pixels, not 1024 x 1024");
  fs::remove(mosaic);
  ExpectError([&] { set.ReadMosaic(0); }, "patches0000.bmp: no such file");
}

TEST_F(PatchSetTest, SetsAreFoundBelow) {
  ExpectError([&] { FindPatchSets(folder_.string()); }, "no such folder");
  fs::create_directories(folder_ / "b");
  ExpectError([&] { FindPatchSets(folder_.string()); }, "no patch set");
  fs::create_directories(folder_ / "a" / "c");
  std::ofstream(folder_ / "b" / "info.txt") << "0 0\n";
  std::ofstream(folder_ / "a" / "c" / "info.txt") << "0 0\n";
  const std::string first = (folder_ / "a" / "c").string();
  EXPECT_EQ(FindPatchSets(folder_.string()),
            (std::vector<std::string>{first, (folder_ / "b").string()}));
  EXPECT_EQ(FindPatchSets(first), std::vector<std::string>{first});
}

TEST_F(PatchSetTest, ASetIsNotWrittenOverAnother) {
  WritePatchSet(folder_.string(), RandomPixels(3), Triples(3), {});
  ExpectError(
      [&] { WritePatchSet(folder_.string(), RandomPixels(3), Triples(3), {}); },
      "holds a patch set already");
}

TEST(DrawPairsTest, HalfAreOfOnePointAndNoneRepeats) {
  const auto points = Triples(600);
  const auto pairs = DrawPairs(points, 200, 1);
  ASSERT_EQ(pairs.size(), 200u);
  std::set<std::pair<int, int>> distinct;
  int same = 0;
  for (const PatchPair& pair : pairs) {
    EXPECT_NE(pair.patch1, pair.patch2);
    EXPECT_EQ(pair.same_point, points[pair.patch1] == points[pair.patch2]);
    same += pair.same_point;
    distinct.insert(std::minmax(pair.patch1, pair.patch2));
  }
  EXPECT_EQ(same, 100);
  EXPECT_EQ(distinct.size(), 200u);
  EXPECT_EQ(DrawPairs(points, 200, 1), pairs);
  EXPECT_NE(DrawPairs(points, 200, 2), pairs);
}

TEST(DrawPairsTest, EveryPairOfOnePointIsAsLikely) {
  // Point 0 has 3 pairs, point 1 has 1: each of the four is drawn in half of
  // the draws of 2.
  const std::vector<int> points{0, 1, 0, 1, 0, 2, 3};
  std::map<std::pair<int, int>, int> counts;
  constexpr int kDraws = 2000;
  for (int seed = 0; seed < kDraws; ++seed) {
    for (const PatchPair& pair : DrawPairs(points, 4, seed)) {
      if (pair.same_point) ++counts[{pair.patch1, pair.patch2}];
    }
  }
  ASSERT_EQ(counts.size(), 4u);
  // Standard deviation: sqrt(2000 / 4) = 22.
  for (const auto& [pair, count] : counts) EXPECT_NEAR(count, 1000, 100);
}

TEST(DrawPairsTest, SmallSetsGiveAllThatTheyHave) {
  // 2 pairs of one point, 4 of two.
  EXPECT_EQ(DrawPairs(std::vector<int>{0, 0, 1, 1}, 100, 1).size(), 4u);
  // 3 of one point, none of two.
  EXPECT_TRUE(DrawPairs(std::vector<int>{0, 0, 0}, 100, 1).empty());
  EXPECT_TRUE(DrawPairs(std::vector<int>{0, 1, 2}, 100, 1).empty());
  EXPECT_TRUE(DrawPairs(std::vector<int>{}, 100, 1).empty());
}

}  // namespace
}  // namespace tiepoint
