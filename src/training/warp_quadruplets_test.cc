// SPDX-License-Identifier: Apache-2.0
#include "training/warp_quadruplets.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

class WarpQuadrupletsTest : public testing::Test {
 protected:
  WarpQuadrupletsTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    for (int i = 0; i < 5; ++i) {
      cv::Mat noise(400, 500, CV_8U), picture;
      cv::theRNG().state = 7 + i;
      cv::randu(noise, 0, 255);
      cv::GaussianBlur(noise, picture, {}, 4);
      cv::normalize(picture, picture, 0, 255, cv::NORM_MINMAX);
      paths_.push_back((folder_ / (std::to_string(i) + ".png")).string());
      cv::imwrite(paths_.back(), picture);
    }
  }
  ~WarpQuadrupletsTest() override { fs::remove_all(folder_); }

  static WarpQuadrupletOptions Options() {
    WarpQuadrupletOptions options;
    options.pairs = 1;
    options.views.width = 400;
    options.views.height = 320;
    options.patch_size = 32;
    options.support = 6;
    options.max_overlap = 0.25;  // the texture is full of points
    return options;
  }

  // The bytes of all three shards.
  std::string Make(uint64_t seed) const {
    SplitShards shards(folder_.string(),
                       WarpQuadrupletHead(paths_, Options(), seed));
    int last = 0;
    AddWarpQuadruplets(PhotographStore(paths_, 1024), Options(), seed, shards,
                       [&](int done) { last = done; });
    EXPECT_EQ(last, 5);
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
      (std::string("warp_quadruplets_") +
       testing::UnitTest::GetInstance()->current_test_info()->name());
  std::vector<std::string> paths_;
};

// How alike two patches are, one turned by `turn` against the other: the
// correlation within the circle.
double Correlation(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b,
                   double turn) {
  cv::Mat first(32, 32, CV_8U, const_cast<uint8_t*>(a.data())), turned;
  const cv::Mat second(32, 32, CV_8U, const_cast<uint8_t*>(b.data()));
  const cv::Mat map = cv::getRotationMatrix2D(
      {15.5f, 15.5f}, -turn * 180 / std::numbers::pi, 1);
  cv::warpAffine(first, turned, map, {32, 32}, cv::INTER_LINEAR,
                 cv::BORDER_REFLECT);
  double sum = 0, sa = 0, sb = 0, aa = 0, bb = 0, n = 0;
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      if (std::hypot(x - 15.5, y - 15.5) > 15) continue;
      const double u = turned.at<uint8_t>(y, x), v = second.at<uint8_t>(y, x);
      sum += u * v, sa += u, sb += v, aa += u * u, bb += v * v, ++n;
    }
  }
  return (sum - sa * sb / n) /
         std::sqrt((aa - sa * sa / n) * (bb - sb * sb / n) + 1e-9);
}

TEST_F(WarpQuadrupletsTest, BothViewsOfAPointShowTheSame) {
  Make(1);
  double same = 0, other = 0;
  int pairs = 0, negatives = 0;
  for (const Split split : kSplits) {
    const ShardReader reader(ShardPath(folder_.string(), split));
    std::map<int64_t, std::vector<int>> views;
    for (int i = 0; i < reader.Count(); ++i) {
      const ShardSample& s = reader.Samples()[i];
      EXPECT_GE(s.sigma, 2);
      EXPECT_LE(s.sigma, 8);
      if (s.point < 0) {
        ++negatives;
      } else {
        views[s.point].push_back(i);
      }
    }
    const std::vector<int>* before = nullptr;
    for (const auto& [point, two] : views) {
      ASSERT_EQ(two.size(), 2u);
      const ShardSample& a = reader.Samples()[two[0]];
      const ShardSample& b = reader.Samples()[two[1]];
      EXPECT_EQ(a.photograph, b.photograph);
      same += Correlation(reader.Patch(two[0]), reader.Patch(two[1]),
                          b.angle - a.angle);
      if (before) {
        other += Correlation(reader.Patch(two[0]), reader.Patch((*before)[1]),
                             b.angle - a.angle);
      }
      before = &two;
      ++pairs;
    }
  }
  ASSERT_GT(pairs, 30);
  EXPECT_GT(negatives, 5);
  EXPECT_GT(same / pairs, 0.6);
  EXPECT_LT(other / pairs, 0.5 * same / pairs);
}

TEST_F(WarpQuadrupletsTest, TheSameForEveryNumberOfThreads) {
  SetNumThreads(1);
  const std::string one = Make(1);
  SetNumThreads(2);
  const std::string two = Make(1);
  SetNumThreads(0);
  EXPECT_EQ(one, two);
  EXPECT_NE(one, Make(2));
}

}  // namespace
}  // namespace tiepoint
