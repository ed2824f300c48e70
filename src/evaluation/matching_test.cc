// SPDX-License-Identifier: Apache-2.0
#include "evaluation/matching.h"

#include <gtest/gtest.h>

namespace tiepoint {
namespace {

FeatureSet Points(std::vector<std::array<float, 2>> places) {
  FeatureSet features;
  features.image_width = 100;
  features.image_height = 80;
  for (const auto& p : places) {
    features.keypoints.push_back({.x = p[0], .y = p[1]});
  }
  return features;
}

// x2 = x1 + 50
constexpr Matrix3 kShift{1, 0, 50, 0, 1, 0, 0, 0, 1};

TEST(MatchingTest, CountsCorrectMatchesByTransferError) {
  const FeatureSet first = Points({{0, 0}, {10, 0}, {20, 0}, {30, 0}});
  const FeatureSet second = Points({{50.5, 0}, {60, 2.9f}, {70, 4}, {90, 60}});
  const std::vector<Match> matches{{0, 0}, {1, 1}, {2, 2}, {3, 3}};
  const auto score = ScoreMatching(first, second, matches, kShift);
  EXPECT_EQ(score.keypoints1, 4);
  EXPECT_EQ(score.matches, 4);
  EXPECT_EQ(score.correct, (std::array<double, 3>{1, 2, 3}));
  EXPECT_EQ(score.accuracy, (std::array<double, 3>{0.25, 0.5, 0.75}));
}

TEST(MatchingTest, RepeatabilityCountsBothWaysInTheSharedArea) {
  // Of the first only x < 49.5 is seen by the second; of the second only
  // x >= 49.5 by the first.
  const FeatureSet first = Points({{10, 10}, {40, 40}, {60, 10}});
  const FeatureSet second = Points({{62, 10}, {60, 10}, {20, 40}, {99, 79}});
  const auto score = ScoreMatching(first, second, {}, kShift);
  // Forward: (10,10) repeated, (40,40) not. Backward: two repeated, (99,79)
  // not. 3 of 5.
  EXPECT_NEAR(score.repeatability, 3.0 / 5, 1e-12);
  EXPECT_EQ(score.accuracy[1], 0);
}

TEST(MatchingTest, RepeatabilityIsSymmetric) {
  const Matrix3 h{1.2, 0.1, 5, -0.1, 0.9, 8, 0.001, 0.0005, 1};
  // x1 ~ H^-1 x2, from solving by hand with determinants (adjugate).
  const FeatureSet points = Points({{10, 10}, {50, 20}, {70, 60}, {20, 70}});
  FeatureSet moved = points;
  for (Keypoint& k : moved.keypoints) {
    const double w = h[6] * k.x + h[7] * k.y + h[8];
    const double x = (h[0] * k.x + h[1] * k.y + h[2]) / w;
    const double y = (h[3] * k.x + h[4] * k.y + h[5]) / w;
    k.x = static_cast<float>(x);
    k.y = static_cast<float>(y);
  }
  EXPECT_EQ(ScoreMatching(points, moved, {}, h).repeatability, 1);
}

TEST(MatchingTest, NothingScoresZero) {
  const auto score = ScoreMatching(Points({}), Points({}), {}, kShift);
  EXPECT_EQ(score.repeatability, 0);
  EXPECT_EQ(score.accuracy[1], 0);
  EXPECT_EQ(Mean({}).matches, 0);
}

TEST(MatchingTest, MeansAreOfPairs) {
  MatchingScore a, b;
  a.matches = 10;
  a.correct = {1, 5, 10};
  a.accuracy = {0.1, 0.5, 1};
  b.matches = 100;
  b.accuracy = {0, 0.1, 0.2};
  const auto mean = Mean({a, b});
  EXPECT_DOUBLE_EQ(mean.matches, 55);
  EXPECT_DOUBLE_EQ(mean.correct[1], 2.5);
  EXPECT_DOUBLE_EQ(mean.accuracy[1], 0.3);
}

}  // namespace
}  // namespace tiepoint
