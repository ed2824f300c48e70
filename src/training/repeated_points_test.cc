// SPDX-License-Identifier: Apache-2.0
#include "training/repeated_points.h"

#include <gtest/gtest.h>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

Keypoint At(double x, double y, float scale) {
  Keypoint k;
  k.x = static_cast<float>(x);
  k.y = static_cast<float>(y);
  k.scale = scale;
  return k;
}

TEST(RepeatedPointsTest, FindsThePlacesThatComeBack) {
  // Place i is seen, off by up to 2 pixels, in 10 - i of 10 photographs, among
  // detections anywhere.
  Random random(3);
  std::vector<std::vector<Keypoint>> stack(10);
  for (int photograph = 0; photograph < 10; ++photograph) {
    for (int i = 0; i < 8; ++i) {
      if (photograph >= 10 - i) continue;
      stack[photograph].push_back(At(50 + 60 * i + random.Uniform(-1.4, 1.4),
                                     100 + random.Uniform(-1.4, 1.4),
                                     2.0f + static_cast<float>(i)));
    }
    stack[photograph].push_back(
        At(random.Uniform(0, 600), 200 + 30 * photograph, 2));
  }
  const auto points = FindRepeatedPoints(stack, {});
  ASSERT_EQ(points.size(), 8u);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(points[i].photographs, 10 - i);
    EXPECT_NEAR(points[i].x, 50 + 60 * i, 1.4);
    EXPECT_NEAR(points[i].y, 100, 1.4);
    EXPECT_FLOAT_EQ(points[i].scale, 2.0f + static_cast<float>(i));
  }
  RepeatedPointOptions three;
  three.count = 3;
  EXPECT_EQ(FindRepeatedPoints(stack, three).size(), 3u);
}

TEST(RepeatedPointsTest, IsTheMeanOfTheNearestDetections) {
  // The second photograph has two detections near: the nearer one counts.
  const auto points = FindRepeatedPoints(
      {{At(100, 50, 2)}, {At(102, 50, 4), At(104, 50, 9)}}, {});
  ASSERT_EQ(points.size(), 1u);
  EXPECT_FLOAT_EQ(points[0].x, 101);
  EXPECT_FLOAT_EQ(points[0].scale, 3);
  EXPECT_EQ(points[0].photographs, 2);
}

TEST(RepeatedPointsTest, AFrequentPlaceSuppressesItsNeighbours) {
  std::vector<std::vector<Keypoint>> stack(4, {At(100, 50, 2)});
  stack[0].push_back(At(108, 50, 2));
  stack[1].push_back(At(108, 50, 2));
  stack[2].push_back(At(112, 50, 2));
  stack[3].push_back(At(112, 50, 2));
  const auto points = FindRepeatedPoints(stack, {});
  // 108 and 112 are one place, detected in all: 110 is within 10 pixels.
  ASSERT_EQ(points.size(), 1u);
  EXPECT_FLOAT_EQ(points[0].x, 100);
  RepeatedPointOptions close;
  close.spacing = 3;
  EXPECT_EQ(FindRepeatedPoints(stack, close).size(), 2u);
}

TEST(RepeatedPointsTest, NoneInNoPhotographs) {
  EXPECT_TRUE(FindRepeatedPoints({}, {}).empty());
  EXPECT_TRUE(FindRepeatedPoints({{}, {}}, {}).empty());
  EXPECT_TRUE(FindRepeatedPoints({{At(1, 1, 2)}, {}}, {}).empty());
}

}  // namespace
}  // namespace tiepoint
