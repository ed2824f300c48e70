// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/match_inputs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/correspondence/consensus_network.h"

namespace tiepoint {
namespace {

constexpr PinholeCamera kFirst{400, 600, 100, 80};
constexpr PinholeCamera kSecond{1000, 1000, 0, 0};

FeatureSet OneKeypoint(const Keypoint& keypoint) {
  FeatureSet features;
  features.keypoints = {keypoint};
  return features;
}

std::vector<float> Values(const Keypoint& a, const Keypoint& b,
                          const Match& match = {}, int columns = kSideInputs) {
  return MakeMatchInputs(OneKeypoint(a), OneKeypoint(b), {match}, kFirst,
                         kSecond, columns)
      .values;
}

TEST(MatchInputsTest, CoordinatesAreNormalised) {
  const auto inputs = MakeMatchInputs(OneKeypoint({.x = 500, .y = 380}),
                                      OneKeypoint({.x = 250, .y = -500}), {{}},
                                      kFirst, kSecond, kCoordinateInputs);
  EXPECT_EQ(inputs.values, (std::vector<float>{1, 0.5f, 0.25f, -0.5f}));
  ASSERT_EQ(inputs.normalized.size(), 1u);
  EXPECT_DOUBLE_EQ(inputs.normalized[0].y1, 0.5);
}

TEST(MatchInputsTest, RatiosAreThoseOfTheMatchWithinTheirRange) {
  Match match{.ratio = 0.7f, .reverse_ratio = 1.5f};
  auto values = Values({}, {}, match);
  ASSERT_EQ(values.size(), 9u);
  EXPECT_EQ(values[4], 0.7f);
  EXPECT_EQ(values[5], 1.5f);
  match.ratio = 3;
  match.reverse_ratio = 8;
  values = Values({}, {}, match);
  EXPECT_EQ(values[4], 1);
  EXPECT_EQ(values[5], 2);
}

TEST(MatchInputsTest, ScaleIsAnAngleOfView) {
  // Twice the pixels at twice the focal length is the same angle.
  EXPECT_NEAR(Values({.scale = 3}, {.scale = 6})[6], 0, 1e-6);
  EXPECT_NEAR(Values({.scale = 3}, {.scale = 12})[6], std::log(2), 1e-6);
  EXPECT_EQ(Values({.scale = 1}, {.scale = 1000})[6], 3);
  EXPECT_EQ(Values({.scale = 1000}, {.scale = 1})[6], -3);
}

TEST(MatchInputsTest, TheTurnDoesNotDependOnWhereAnglesWrap) {
  const auto a = Values({.angle = 3.0f}, {.angle = -3.0f});
  const auto b = Values({.angle = 0.0f}, {.angle = 0.2831853f});
  EXPECT_NEAR(a[7], b[7], 1e-6);
  EXPECT_NEAR(a[8], b[8], 1e-6);
  EXPECT_GT(b[8], 0);  // toward +y
}

TEST(MatchInputsTest, WhatIsNoNumberStaysNone) {
  EXPECT_FALSE(UsableInputs(Values({.x = NAN}, {})));
  EXPECT_FALSE(UsableInputs(Values({.scale = NAN}, {})));
  EXPECT_FALSE(UsableInputs(Values({.scale = 0}, {.scale = 0})));
  EXPECT_FALSE(UsableInputs(Values({.angle = INFINITY}, {})));
  EXPECT_TRUE(UsableInputs(Values({}, {})));
}

TEST(MatchInputsTest, MistakesAreRefused) {
  EXPECT_THROW(Values({}, {}, {.i = 1}), InputError);
  EXPECT_THROW(Values({}, {}, {.j = -1}), InputError);
  EXPECT_THROW(Values({}, {}, {}, 5), InputError);
  EXPECT_THROW(MakeMatchInputs({}, {}, {}, {.fx = 0}, {}, 4), InputError);
}

TEST(GuessedCameraTest, LooksAlongTheMiddle) {
  const PinholeCamera camera = GuessedCamera(641, 481);
  EXPECT_DOUBLE_EQ(camera.fx, 1.2 * 641);
  EXPECT_EQ(camera.fx, camera.fy);
  EXPECT_EQ(camera.cx, 320);
  EXPECT_EQ(camera.cy, 240);
  EXPECT_EQ(GuessedCamera(481, 641).fx, camera.fx);
  EXPECT_THROW(GuessedCamera(0, 5), InputError);
}

}  // namespace
}  // namespace tiepoint
