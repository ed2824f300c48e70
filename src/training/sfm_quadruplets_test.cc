// SPDX-License-Identifier: Apache-2.0
#include "training/sfm_quadruplets.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/image/patch.h"
#include "tiepoint/pipeline/synthetic_plane.h"
#include "training/non_keypoints.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using namespace synthetic_plane;

constexpr uint64_t kSeed = 5;

ColmapModel TenPhotographs() {
  std::vector<ColmapImage> images;
  for (int i = 0; i < 10; ++i) {
    images.push_back(MakeImage(std::to_string(i) + ".png", 0.08 * (i - 5),
                               0.05 * (5 - i), 2.6 + 0.1 * i, 36 * i * kDegree,
                               0));
  }
  return MakeModel(images);
}

class SfmQuadrupletsTest : public testing::Test {
 protected:
  SfmQuadrupletsTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~SfmQuadrupletsTest() override { fs::remove_all(folder_); }

  // Smaller patches than LIFT's, to be fast, and more room for negatives: the
  // texture has keypoints everywhere.
  static SfmQuadrupletOptions Options() {
    SfmQuadrupletOptions options;
    options.patch_size = 32;
    options.places.max_sigma = 3;
    options.max_overlap = 0.2;
    options.max_blocking_sift = 30;
    return options;
  }

  std::string Make() const {
    const ColmapModel model = TenPhotographs();
    SplitShards shards(folder_.string(),
                       SfmQuadrupletHead(model, Options(), kSeed));
    EXPECT_GT(AddSfmQuadruplets(model, Render, Options(), kSeed, shards), 0);
    shards.Finish();
    std::string all;
    for (const Split split : kSplits) {
      std::ifstream file(ShardPath(folder_.string(), split), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      (std::string("sfm_quadruplets_") +
       testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(SfmQuadrupletsTest, SplitsShareNeitherPhotographsNorPoints) {
  Make();
  std::map<int, Split> split_of_photograph;
  std::map<int64_t, Split> split_of_point;
  for (const Split split : kSplits) {
    const ShardReader reader(ShardPath(folder_.string(), split));
    std::map<int64_t, int> views;
    for (const ShardSample& s : reader.Samples()) {
      EXPECT_EQ(split_of_photograph.emplace(s.photograph, split).first->second,
                split);
      if (s.point < 0) continue;
      ++views[s.point];
      EXPECT_EQ(split_of_point.emplace(s.point, split).first->second, split);
    }
    for (const auto& [point, count] : views) EXPECT_GE(count, 2) << point;
  }
  EXPECT_EQ(SplitPhotographs(10, kSeed).size(), 10u);
  const ShardReader train(ShardPath(folder_.string(), Split::kTrain));
  const ShardCounts counts = CountSamples(train.Samples());
  EXPECT_GT(counts.points, 10);
  EXPECT_GT(counts.negatives, 5);
  EXPECT_LE(counts.negatives, counts.views);
}

TEST_F(SfmQuadrupletsTest, PatchesAreWhatThePhotographsShow) {
  Make();
  const ColmapModel model = TenPhotographs();
  const ShardReader reader(ShardPath(folder_.string(), Split::kTrain));
  PatchGeometry geometry;
  geometry.size = 32;
  geometry.support = 12;
  int compared = 0;
  for (int i = 0; i < reader.Count(); i += 7) {
    const ShardSample& s = reader.Samples()[i];
    const ColmapImage& image = model.images.at(s.photograph + 1);
    EXPECT_EQ(reader.Head().photographs[s.photograph], image.name);
    std::vector<uint8_t> expected(32 * 32);
    SampleBytes(ImagePyramid(Render(image)), s.x, s.y, s.sigma, 0, geometry,
                expected.data());
    EXPECT_EQ(reader.Patch(i), expected);
    const double reach = 12 * std::numbers::sqrt2 * s.sigma - 0.51;
    EXPECT_GE(std::min(s.x, s.y), reach - 1e-3);
    EXPECT_LE(s.x, kWidth - 1 - reach + 1e-3);
    EXPECT_LE(s.y, kHeight - 1 - reach + 1e-3);
    ++compared;
  }
  EXPECT_GT(compared, 5);
}

TEST_F(SfmQuadrupletsTest, NegativesKeepAwayFromThePointsOfAllSplits) {
  Make();
  const ColmapModel model = TenPhotographs();
  std::map<int, std::vector<Keypoint>> points;
  for (const SfmPlace& p : FindSfmPlaces(model, Render, Options().places)) {
    Keypoint k;
    k.x = static_cast<float>(p.x);
    k.y = static_cast<float>(p.y);
    k.scale = static_cast<float>(p.sigma);
    points[p.image_id].push_back(k);
  }
  int compared = 0;
  for (const Split split : kSplits) {
    const ShardReader reader(ShardPath(folder_.string(), split));
    for (const ShardSample& s : reader.Samples()) {
      if (s.point >= 0) continue;
      Keypoint negative;
      negative.x = s.x;
      negative.y = s.y;
      negative.scale = s.sigma;
      for (const Keypoint& k : points[s.photograph + 1]) {
        EXPECT_LE(SquareOverlap(negative, k), 0.2);
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 100);
}

TEST_F(SfmQuadrupletsTest, TheSameForEveryNumberOfThreads) {
  SetNumThreads(1);
  const std::string one = Make();
  SetNumThreads(2);
  const std::string two = Make();
  SetNumThreads(0);
  EXPECT_EQ(one, two);
}

TEST_F(SfmQuadrupletsTest, IsNotMadeAgainAndNotMixedUp) {
  const ColmapModel model = TenPhotographs();
  const auto head = [&](uint64_t seed) {
    return SfmQuadrupletHead(model, Options(), seed);
  };
  EXPECT_FALSE(AreShardsMade(folder_.string(), head(kSeed)));
  Make();
  EXPECT_TRUE(AreShardsMade(folder_.string(), head(kSeed)));
  EXPECT_THROW(AreShardsMade(folder_.string(), head(kSeed + 1)), InputError);
  fs::remove(ShardPath(folder_.string(), Split::kTest));
  EXPECT_FALSE(AreShardsMade(folder_.string(), head(kSeed)));
}

TEST_F(SfmQuadrupletsTest, NothingComesOfAModelWithoutPoints) {
  ColmapModel empty = MakeModel();
  empty.points.clear();
  for (auto& [id, image] : empty.images) image.observations.clear();
  SplitShards shards(folder_.string(),
                     SfmQuadrupletHead(empty, Options(), kSeed));
  EXPECT_EQ(AddSfmQuadruplets(empty, Render, Options(), kSeed, shards), 0);
}

}  // namespace
}  // namespace tiepoint
