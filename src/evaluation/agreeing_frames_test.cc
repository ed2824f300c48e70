// SPDX-License-Identifier: Apache-2.0
#include "evaluation/agreeing_frames.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace tiepoint {
namespace {

constexpr float kDegree = std::numbers::pi_v<float> / 180;

int Count(const Keypoint& first, const Keypoint& second, const Matrix3& h) {
  auto a = std::make_shared<Features>(), b = std::make_shared<Features>();
  a->set.keypoints = {first};
  b->set.keypoints = {second};
  return CountAgreeingFrames({a, b, h});
}

// Twice as large and turned by 30 degrees about the origin, then moved; any
// factor of a homography is the same one.
TEST(AgreeingFramesTest, PlaceScaleAndAngleMustAgree) {
  const double c = 2 * std::cos(30 * kDegree), s = 2 * std::sin(30 * kDegree);
  for (const double factor : {1.0, -0.5}) {
    Matrix3 h{c, -s, 100, s, c, 20, 0, 0, 1};
    for (double& v : h) v *= factor;
    const Keypoint first{.x = 10, .y = 5, .scale = 3, .angle = 170 * kDegree};
    const Keypoint there{.x = static_cast<float>(10 * c - 5 * s + 100),
                         .y = static_cast<float>(10 * s + 5 * c + 20),
                         .scale = 6,
                         .angle = -160 * kDegree};
    EXPECT_EQ(Count(first, there, h), 1);
    Keypoint k = there;
    k.x += 2.9F;
    EXPECT_EQ(Count(first, k, h), 1);
    k.y += 1.0F;
    EXPECT_EQ(Count(first, k, h), 0);
    k = there;
    k.scale = 9.6F;
    EXPECT_EQ(Count(first, k, h), 1);
    k.scale = 9.9F;
    EXPECT_EQ(Count(first, k, h), 0);
    k = there;
    k.angle += 9 * kDegree;
    EXPECT_EQ(Count(first, k, h), 1);
    k.angle += 2 * kDegree;
    EXPECT_EQ(Count(first, k, h), 0);
  }
}

// A perspective picture: against a step along the keypoint's direction.
TEST(AgreeingFramesTest, FollowsThePerspective) {
  const Matrix3 h{1.1, 0.2, 7, -0.3, 0.9, 4, 0.002, -0.001, 1};
  const Keypoint first{.x = 40, .y = 25, .scale = 2, .angle = 0.7F};
  const auto moved = [&](double along, double across) {
    const double cosine = std::cos(0.7), sine = std::sin(0.7);
    return Transferred(h, 40 + along * cosine - across * sine,
                       25 + along * sine + across * cosine);
  };
  constexpr double kStep = 1e-4;
  const PlanePoint at = moved(0, 0), ahead = moved(kStep, 0),
                   beside = moved(0, kStep);
  const double area = (ahead.x - at.x) * (beside.y - at.y) -
                      (ahead.y - at.y) * (beside.x - at.x);
  const Keypoint there{
      .x = static_cast<float>(at.x),
      .y = static_cast<float>(at.y),
      .scale = static_cast<float>(2 * std::sqrt(area) / kStep),
      .angle = static_cast<float>(std::atan2(ahead.y - at.y, ahead.x - at.x))};
  auto a = std::make_shared<Features>(), b = std::make_shared<Features>();
  a->set.keypoints = {first};
  b->set.keypoints = {there};
  EXPECT_EQ(CountAgreeingFrames({a, b, h}, {1e-3, 1e-2, 0.1}), 1);
}

}  // namespace
}  // namespace tiepoint
