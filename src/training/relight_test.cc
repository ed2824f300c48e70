// SPDX-License-Identifier: Apache-2.0
#include "training/relight.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace tiepoint {
namespace {

std::vector<GrayImage> Planes() {
  std::vector<GrayImage> planes(3, GrayImage(90, 70));
  for (int p = 0; p < 3; ++p) {
    for (int y = 0; y < 70; ++y) {
      for (int x = 0; x < 90; ++x) {
        planes[p].At(x, y) = static_cast<float>(
            128 + 90 * std::sin(x / 6.0 + p) * std::cos(y / 5.0));
      }
    }
  }
  return planes;
}

TEST(Relight, StrengthZeroChangesNothing) {
  Random random(1);
  const auto planes = Planes();
  const auto same = Relight(planes, 0, random);
  for (int p = 0; p < 3; ++p) EXPECT_EQ(same[p].pixels, planes[p].pixels);
}

TEST(Relight, IsRepeatableAndStaysInRange) {
  const auto planes = Planes();
  for (int seed = 0; seed < 20; ++seed) {
    Random a(seed), b(seed), c(seed + 100);
    const auto first = Relight(planes, 1, a);
    const auto again = Relight(planes, 1, b);
    const auto other = Relight(planes, 1, c);
    ASSERT_EQ(first.size(), 3u);
    for (int p = 0; p < 3; ++p) {
      EXPECT_EQ(first[p].pixels, again[p].pixels);
      EXPECT_NE(first[p].pixels, other[p].pixels);
      const auto [low, high] =
          std::minmax_element(first[p].pixels.begin(), first[p].pixels.end());
      EXPECT_GE(*low, 0);
      EXPECT_LE(*high, 255);
    }
  }
}

// Structure that was there stays where it was: over many lights the brightest
// pixels of a strong blob remain brighter than its surroundings.
TEST(Relight, KeepsStrongStructureInPlace) {
  std::vector<GrayImage> planes(1, GrayImage(61, 61, 60));
  for (int y = 0; y < 61; ++y) {
    for (int x = 0; x < 61; ++x) {
      const double r2 = (x - 30) * (x - 30) + (y - 30) * (y - 30);
      planes[0].At(x, y) += static_cast<float>(180 * std::exp(-r2 / 18));
    }
  }
  Random random(5);
  int kept = 0;
  constexpr int kLights = 60;
  for (int k = 0; k < kLights; ++k) {
    const GrayImage lit = Relight(planes, 0.8, random)[0];
    const float ring = std::max(
        {lit.At(18, 30), lit.At(42, 30), lit.At(30, 18), lit.At(30, 42)});
    kept += lit.At(30, 30) > ring;
  }
  EXPECT_GT(kept, kLights * 3 / 4);
}

}  // namespace
}  // namespace tiepoint
