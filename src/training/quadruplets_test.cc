// SPDX-License-Identifier: Apache-2.0
#include "training/quadruplets.h"

#include <gtest/gtest.h>

#include <set>

namespace tiepoint {
namespace {

// Points 0..9 in photographs 0..2, point 10 in one alone, five negatives.
std::vector<ShardSample> MakeSamples() {
  std::vector<ShardSample> samples;
  for (int photograph = 0; photograph < 3; ++photograph) {
    for (int point = 0; point < 10; ++point) {
      samples.push_back({point, photograph, 0, 0, 2, 0});
    }
  }
  samples.push_back({10, 0, 0, 0, 2, 0});
  for (int i = 0; i < 5; ++i) samples.push_back({-1, 0, 0, 0, 2, 0});
  return samples;
}

TEST(QuadrupletsTest, AnEpochShowsEveryPointOnce) {
  const std::vector<ShardSample> samples = MakeSamples();
  std::set<int64_t> seen;
  for (const Quadruplet& q : DrawQuadruplets(samples, 1, 0)) {
    EXPECT_TRUE(seen.insert(samples[q.first].point).second);
    EXPECT_EQ(samples[q.first].point, samples[q.second].point);
    EXPECT_NE(samples[q.first].photograph, samples[q.second].photograph);
    EXPECT_GE(samples[q.other].point, 0);
    EXPECT_NE(samples[q.other].point, samples[q.first].point);
    ASSERT_GE(q.negative, 0);
    EXPECT_EQ(samples[q.negative].point, -1);
  }
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_FALSE(seen.contains(10));
}

TEST(QuadrupletsTest, EpochsDifferAndCanBeRepeated) {
  const std::vector<ShardSample> samples = MakeSamples();
  EXPECT_EQ(DrawQuadruplets(samples, 1, 3), DrawQuadruplets(samples, 1, 3));
  EXPECT_NE(DrawQuadruplets(samples, 1, 3), DrawQuadruplets(samples, 1, 4));
  EXPECT_NE(DrawQuadruplets(samples, 1, 3), DrawQuadruplets(samples, 2, 3));
}

TEST(QuadrupletsTest, WithoutASecondPointOrNegatives) {
  const std::vector<ShardSample> one = {{0, 0, 0, 0, 2, 0}, {0, 1, 0, 0, 2, 0}};
  EXPECT_TRUE(DrawQuadruplets(one, 1, 0).empty());
  // Two views in one photograph are better than none.
  const std::vector<ShardSample> two = {{0, 0, 0, 0, 2, 0},
                                        {0, 0, 5, 5, 2, 0},
                                        {1, 0, 9, 9, 2, 0},
                                        {1, 1, 9, 9, 2, 0}};
  const auto drawn = DrawQuadruplets(two, 1, 0);
  ASSERT_EQ(drawn.size(), 2u);
  for (const Quadruplet& q : drawn) {
    EXPECT_NE(q.first, q.second);
    EXPECT_EQ(q.negative, -1);
  }
}

}  // namespace
}  // namespace tiepoint
