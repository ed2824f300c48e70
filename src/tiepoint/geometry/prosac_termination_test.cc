// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/prosac_termination.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace tiepoint {
namespace {

constexpr int kCount = 200;

// Each rank of its own weight.
ProsacSampler Ranked() {
  std::vector<double> weights(kCount);
  for (int i = 0; i < kCount; ++i) weights[i] = 1 - 0.004 * i;
  return ProsacSampler(weights);
}

GuidedOptions Options(int explore_every) {
  GuidedOptions options;
  options.min_iterations = 1;
  options.max_iterations = 1000000;
  options.explore_every = explore_every;
  return options;
}

// RANSAC's rule where all ranks are alike.
TEST(ProsacTerminationTest, OneGroupIsRansac) {
  const ProsacSampler sampler(std::vector<double>(kCount, 0.5));
  std::vector<bool> inliers(kCount);
  double right = 1;
  for (int i = 0; i < kCount; i += 2) inliers[i] = true;
  for (int k = 0; k < 5; ++k) right *= (kCount / 2.0 - k) / (kCount - k);
  for (const int explore_every : {0, 3}) {
    const GuidedOptions options = Options(explore_every);
    const auto found = FindProsacTermination(inliers, sampler, options);
    EXPECT_EQ(found.pool, kCount);
    EXPECT_EQ(found.samples, std::ceil(std::log(1 - options.confidence) /
                                       std::log(1 - right)));
  }
}

// Right ranks before wrong ones end it at once, unless all pairs are explored.
TEST(ProsacTerminationTest, GoodRanksEndTheSearch) {
  std::vector<bool> inliers(kCount);
  for (int i = 0; i < kCount / 4; ++i) inliers[i] = true;
  const auto ranked = FindProsacTermination(inliers, Ranked(), Options(0));
  EXPECT_EQ(ranked.samples, 1);
  EXPECT_GE(ranked.pool, kCount / 4);
  EXPECT_LT(ranked.pool, kCount);
  EXPECT_GT(FindProsacTermination(inliers, Ranked(), Options(3)).samples, 1000);
}

TEST(ProsacTerminationTest, StaysWithinTheOptions) {
  GuidedOptions options = Options(0);
  options.min_iterations = 70;
  options.max_iterations = 90;
  const ProsacSampler sampler = Ranked();
  EXPECT_EQ(
      FindProsacTermination(std::vector<bool>(kCount, true), sampler, options)
          .samples,
      70);
  EXPECT_EQ(
      FindProsacTermination(std::vector<bool>(kCount, false), sampler, options)
          .samples,
      90);
  // More than an int holds, and none at all.
  const ProsacSampler many(std::vector<double>(20000, 0.5));
  std::vector<bool> few(20000);
  options = Options(3);
  for (const int inliers : {6, 2}) {
    std::fill_n(few.begin(), inliers, true);
    EXPECT_EQ(FindProsacTermination(few, many, options).samples,
              options.max_iterations);
    std::fill_n(few.begin(), inliers, false);
  }
}

}  // namespace
}  // namespace tiepoint
