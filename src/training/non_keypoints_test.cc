// SPDX-License-Identifier: Apache-2.0
#include "training/non_keypoints.h"

#include <gtest/gtest.h>

namespace tiepoint {
namespace {

Keypoint At(float x, float y, float scale) {
  Keypoint k;
  k.x = x;
  k.y = y;
  k.scale = scale;
  return k;
}

TEST(NonKeypointsTest, OverlapOfSquares) {
  const Keypoint a = At(50, 50, 2);  // 24 pixels wide
  EXPECT_DOUBLE_EQ(SquareOverlap(a, a), 1);
  EXPECT_DOUBLE_EQ(SquareOverlap(a, At(74, 50, 2)), 0);
  // Half of each: 1/3; a quarter: 1/7.
  EXPECT_NEAR(SquareOverlap(a, At(62, 50, 2)), 1.0 / 3, 1e-9);
  EXPECT_NEAR(SquareOverlap(a, At(62, 62, 2)), 1.0 / 7, 1e-9);
  // One within the other: the ratio of the areas, either way.
  EXPECT_NEAR(SquareOverlap(a, At(50, 50, 4)), 0.25, 1e-9);
  EXPECT_NEAR(SquareOverlap(At(50, 50, 4), a), 0.25, 1e-9);
}

TEST(NonKeypointsTest, KeepAwayFromKeypointsBordersAndOneAnother) {
  std::vector<Keypoint> keypoints;
  for (int i = 0; i < 12; ++i) keypoints.push_back(At(20.f + 25 * i, 100, 2));
  const std::vector<float> scales = {1.5f, 2, 3};
  NonKeypointOptions options;
  options.count = 40;
  options.border = 12;
  Random random(4);
  const auto drawn =
      DrawNonKeypoints(keypoints, scales, 320, 240, options, random);
  ASSERT_GT(drawn.size(), 20u);
  ASSERT_LE(drawn.size(), 40u);
  for (size_t i = 0; i < drawn.size(); ++i) {
    const Keypoint& a = drawn[i];
    for (const Keypoint& k : keypoints) EXPECT_LE(SquareOverlap(a, k), 0.1);
    for (size_t j = 0; j < i; ++j) EXPECT_LE(SquareOverlap(a, drawn[j]), 0.1);
    const float r = 12 * a.scale - 0.51f;
    EXPECT_GE(std::min(a.x, a.y), r);
    EXPECT_LE(a.x, 319 - r);
    EXPECT_LE(a.y, 239 - r);
  }
}

TEST(NonKeypointsTest, NoneWhereThereIsNoRoom) {
  const std::vector<float> scales = {4};
  Random random(4);
  const std::vector<Keypoint> all = {At(50, 50, 9)};
  NonKeypointOptions options;
  options.count = 5;
  // The keypoint's square covers the picture: the overlap is 4^2 / 9^2 > 0.1.
  EXPECT_TRUE(DrawNonKeypoints(all, scales, 100, 100, options, random).empty());
  // The square does not fit.
  EXPECT_TRUE(DrawNonKeypoints({}, scales, 40, 40, options, random).empty());
  EXPECT_TRUE(DrawNonKeypoints({}, {}, 400, 400, options, random).empty());
  EXPECT_EQ(DrawNonKeypoints({}, scales, 400, 400, options, random).size(), 5u);
}

}  // namespace
}  // namespace tiepoint
