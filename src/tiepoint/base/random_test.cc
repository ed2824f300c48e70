// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/random.h"

#include <gtest/gtest.h>

namespace tiepoint {
namespace {

TEST(Random, MomentsOfTheDistributions) {
  Random random(7);
  double sum = 0, square = 0, uniform = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double x = random.Normal();
    sum += x;
    square += x * x;
    uniform += random.Uniform(2, 4);
  }
  EXPECT_NEAR(sum / n, 0, 0.02);
  EXPECT_NEAR(square / n, 1, 0.02);
  EXPECT_NEAR(uniform / n, 3, 0.02);
}

TEST(Random, SameSeedSameNumbersAndStreamsDiffer) {
  Random a(5), b(5), c(StreamSeed(5, 0)), d(StreamSeed(5, 1));
  EXPECT_EQ(a.Bits(), b.Bits());
  EXPECT_NE(c.Bits(), d.Bits());
}

TEST(Random, IntegerCoversItsRangeAndStaysInside) {
  Random random(1);
  int count[5] = {};
  for (int i = 0; i < 1000; ++i) ++count[random.Integer(5)];
  for (const int c : count) EXPECT_GT(c, 120);
}

}  // namespace
}  // namespace tiepoint
