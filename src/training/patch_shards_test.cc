// SPDX-License-Identifier: Apache-2.0
#include "training/patch_shards.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>

#include "tiepoint/io/hpatches.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

class PatchShardsTest : public testing::Test {
 protected:
  PatchShardsTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~PatchShardsTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const {
    return (folder_ / name).string();
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      (std::string("patch_shards_") +
       testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(PatchShardsTest, BrownsPatchesComeBack) {
  constexpr int kPatches = 300;  // more than a mosaic
  std::vector<uint8_t> pixels(size_t{kPatches} * kPatchPixels);
  std::vector<int> points;
  for (int i = 0; i < kPatches; ++i) {
    points.push_back(i / 3);
    for (int p = 0; p < kPatchPixels; ++p) {
      pixels[size_t{kPatchPixels} * i + p] = static_cast<uint8_t>(i + p / 64);
    }
  }
  WritePatchSet(Path("set"), pixels, points, {});
  const PatchSet set(Path("set"));
  ShardWriter writer(Path("a.shard"), BrownHead(set));
  AddBrownPatches(set, writer);
  writer.Finish();
  const ShardReader reader(Path("a.shard"));
  ASSERT_EQ(reader.Count(), kPatches);
  EXPECT_EQ(reader.Head().kind, "patches");
  for (const int i : {0, 7, 255, 256, 299}) {
    const auto begin = pixels.begin() + ptrdiff_t{kPatchPixels} * i;
    EXPECT_EQ(reader.Samples()[i].point, i / 3);
    EXPECT_EQ(reader.Patch(i),
              std::vector<uint8_t>(begin, begin + kPatchPixels));
  }
}

TEST_F(PatchShardsTest, HPatchesNumberPointsThroughAllSequences) {
  // Patch i of file f of sequence s is 100 s + 10 f + i.
  const std::vector<std::string> names = {"ref.png", "e1.png"};
  for (int s = 0; s < 2; ++s) {
    const fs::path sequence = folder_ / ("v_" + std::to_string(s));
    fs::create_directories(sequence);
    for (int f = 0; f < 2; ++f) {
      cv::Mat column(65 * (2 + s), 65, CV_8U);
      for (int i = 0; i < 2 + s; ++i) {
        column.rowRange(65 * i, 65 * i + 65).setTo(100 * s + 10 * f + i);
      }
      cv::imwrite((sequence / names[f]).string(), column);
    }
  }
  const auto sequences = FindHPatchesSequences(folder_.string());
  ShardWriter writer(Path("a.shard"), HPatchesHead(sequences));
  AddHPatches(sequences, writer);
  writer.Finish();
  const ShardReader reader(Path("a.shard"));
  ASSERT_EQ(reader.Count(), 2 * 2 + 2 * 3);
  for (int i = 0; i < reader.Count(); ++i) {
    const ShardSample& sample = reader.Samples()[i];
    const int s = sample.point < 2 ? 0 : 1;
    const int patch = static_cast<int>(sample.point) - 2 * s;
    EXPECT_EQ(reader.Head().photographs[sample.photograph],
              "v_" + std::to_string(s) + "/" + names[sample.photograph % 2]);
    EXPECT_EQ(reader.Patch(i)[0],
              100 * s + 10 * (sample.photograph % 2) + patch);
  }
}

}  // namespace
}  // namespace tiepoint
