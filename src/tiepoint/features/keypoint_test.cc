// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/keypoint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace tiepoint {
namespace {

constexpr double kPi = std::numbers::pi;

TEST(WrapAngle, KeepsTheDirectionAndTheRange) {
  for (double a = -30; a < 30; a += 0.01) {
    const double wrapped = WrapAngle(a);
    EXPECT_GE(wrapped, -std::numbers::pi_v<float>);
    EXPECT_LT(wrapped, std::numbers::pi_v<float>);
    EXPECT_NEAR(std::sin(wrapped), std::sin(a), 1e-6) << a;
    EXPECT_NEAR(std::cos(wrapped), std::cos(a), 1e-6) << a;
  }
}

TEST(WrapAngle, EndsOfTheRange) {
  EXPECT_EQ(WrapAngle(0), 0.0f);
  EXPECT_EQ(WrapAngle(1.5), 1.5f);
  EXPECT_EQ(WrapAngle(kPi), -std::numbers::pi_v<float>);
  EXPECT_EQ(WrapAngle(-kPi), -std::numbers::pi_v<float>);
  EXPECT_EQ(WrapAngle(std::nextafter(kPi, 0)), -std::numbers::pi_v<float>);
}

TEST(DescriptorMatrix, RowsFollowEachOther) {
  DescriptorMatrix m{2, 3, {0, 1, 2, 3, 4, 5}};
  EXPECT_EQ(m.Row(1)[0], 3);
  m.Row(1)[2] = 7;
  EXPECT_EQ(m.data[5], 7);
}

}  // namespace
}  // namespace tiepoint
