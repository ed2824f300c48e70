// SPDX-License-Identifier: Apache-2.0
#include "evaluation/planar_pair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace tiepoint {
namespace {

using testing::ElementsAre;

PlanarPair Pair(std::vector<std::array<float, 2>> first,
                std::vector<std::array<float, 2>> second,
                const Matrix3& homography) {
  const auto features = [](const std::vector<std::array<float, 2>>& places) {
    auto result = std::make_shared<Features>();
    result->set.image_width = 100;
    result->set.image_height = 80;
    for (const auto& p : places) {
      result->set.keypoints.push_back({.x = p[0], .y = p[1]});
    }
    return result;
  };
  return {features(first), features(second), homography};
}

TwoWayDistances Distances(const PlanarPair& pair) {
  return DistancesBothWays(pair.Set1().keypoints, pair.Set2().keypoints, pair);
}

// x2 = x1 + 50
constexpr Matrix3 kShift{1, 0, 50, 0, 1, 0, 0, 0, 1};

TEST(PlanarPairTest, RepeatabilityCountsBothWaysInTheSharedArea) {
  // Of the first only x < 49.5 is seen by the second; of the second only
  // x >= 49.5 by the first.
  const PlanarPair pair =
      Pair({{10, 10}, {40, 40}, {60, 10}},
           {{62, 10}, {60, 10}, {20, 40}, {99, 79}}, kShift);
  const TwoWayDistances distances = Distances(pair);
  // (10, 10) has (60, 10) at 0; (40, 40) goes to (90, 40), 31.32 from (62, 10)
  // and 40.02 from (99, 79). Back: 2, 0 and 48.8.
  ASSERT_EQ(distances.forward.size(), 2u);
  ASSERT_EQ(distances.backward.size(), 3u);
  EXPECT_EQ(distances.forward[0], 0);
  EXPECT_EQ(distances.backward[0], 2);
  EXPECT_EQ(distances.FewerInView(), 2);
  EXPECT_NEAR(distances.Repeatability(3), 3.0 / 5, 1e-12);
  EXPECT_NEAR(distances.Repeatability(2), 3.0 / 5, 1e-12);
  EXPECT_NEAR(distances.Repeatability(1), 2.0 / 5, 1e-12);
  EXPECT_NEAR(distances.MeanRepeatability(3), (1.0 / 2 + 2.0 / 3) / 2, 1e-12);
}

TEST(PlanarPairTest, TheInverseBringsPointsBack) {
  const Matrix3 h{1.2, 0.1, 5, -0.1, 0.9, 8, 0.001, 0.0005, 1};
  const PlanePoint there = Transferred(h, 31, -17);
  const PlanePoint back = Transferred(InverseHomography(h), there.x, there.y);
  EXPECT_NEAR(back.x, 31, 1e-9);
  EXPECT_NEAR(back.y, -17, 1e-9);
}

TEST(PlanarPairTest, NothingScoresZero) {
  const TwoWayDistances none = Distances(Pair({}, {}, kShift));
  EXPECT_EQ(none.Repeatability(3), 0);
  EXPECT_EQ(none.MeanRepeatability(3), 0);
  EXPECT_EQ(none.FewerInView(), 0);
  // A keypoint that is seen but has nobody to meet.
  const TwoWayDistances alone = Distances(Pair({{10, 10}}, {}, kShift));
  EXPECT_THAT(alone.forward,
              ElementsAre(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(alone.Repeatability(10), 0);
}

TEST(PlanarPairTest, KeypointsWithSeveralAnglesCountOnce) {
  const std::vector<Keypoint> keypoints{{.x = 1, .y = 2, .angle = 0.1f},
                                        {.x = 1, .y = 2, .angle = 2},
                                        {.x = 1, .y = 2, .scale = 3},
                                        {.x = 4, .y = 2}};
  const auto all = DistinctKeypoints(keypoints, 0);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0], keypoints[0]);
  EXPECT_EQ(all[1], keypoints[2]);
  EXPECT_EQ(DistinctKeypoints(keypoints, 2).size(), 2u);
  EXPECT_EQ(DistinctKeypoints(keypoints, 2)[1], keypoints[2]);
}

}  // namespace
}  // namespace tiepoint
