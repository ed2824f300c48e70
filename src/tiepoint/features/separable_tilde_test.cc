// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/separable_tilde.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

// Filters that are mixtures of `rank` products a channel.
SeparableTilde RandomMixtures(int rank) {
  SeparableTilde s;
  s.sums = 2;
  s.maxes = 3;
  s.channels = 6;
  s.size = 9;
  s.rank = rank;
  Random random(3);
  for (int i = 0; i < s.channels * rank * 2; ++i) {
    std::vector<double> line(s.size);
    double sum = 0;
    for (double& v : line) {
      v = random.Normal();
      sum += v * v;
    }
    for (const double v : line) s.lines.push_back(v / std::sqrt(sum));
  }
  for (int i = 0; i < 6 * s.channels * rank; ++i) {
    s.coefficients.push_back(random.Normal());
  }
  s.bias.assign(6, 0.25);
  return s;
}

TEST(SeparableTilde, FiltersOfThatRankAreFoundAgain) {
  const TildeFilters dense = DenseTilde(RandomMixtures(3));
  ASSERT_EQ(dense.Validate(), "");
  const SeparableTilde found = SeparateTilde(dense, 3);
  EXPECT_LT(RelativeDifference(dense, DenseTilde(found)), 1e-3);
  EXPECT_EQ(found.bias, dense.bias);
  for (size_t i = 0; i < found.lines.size(); i += found.size) {
    double square = 0;
    for (int k = 0; k < found.size; ++k)
      square += std::pow(found.lines[i + k], 2);
    EXPECT_NEAR(square, 1, 1e-9);
  }
}

TEST(SeparableTilde, MoreProductsComeNearer) {
  const TildeFilters dense = DenseTilde(RandomMixtures(6));
  double before = 1;
  for (const int rank : {1, 2, 4, 6}) {
    const double error =
        RelativeDifference(dense, DenseTilde(SeparateTilde(dense, rank)));
    EXPECT_LT(error, before) << rank;
    before = error;
  }
}

// Filters of a few cosines an axis, as ours are: the shortcut through the space
// that they span must find as much as any filters' way.
TEST(SeparableTilde, FiltersOfASmallSpaceAreFoundAgain) {
  SeparableTilde mixtures = RandomMixtures(3);
  for (size_t i = 0; i < mixtures.lines.size(); i += mixtures.size) {
    const double a = mixtures.lines[i], b = mixtures.lines[i + 1];
    for (int k = 0; k < mixtures.size; ++k) {
      mixtures.lines[i + k] =
          (a * std::cos(0.3 * k) + b * std::cos(0.7 * k)) / (std::abs(a) + 1);
    }
  }
  // Products of two lines of a plane: four at most are independent.
  const TildeFilters dense = DenseTilde(mixtures);
  EXPECT_LT(RelativeDifference(dense, DenseTilde(SeparateTilde(dense, 3))),
            1e-3);
  EXPECT_LT(RelativeDifference(dense, DenseTilde(SeparateTilde(dense, 6))),
            1e-3);
}

TEST(SeparableTilde, TheSeedDecides) {
  const TildeFilters dense = DenseTilde(RandomMixtures(6));
  EXPECT_EQ(SeparateTilde(dense, 2, 5).lines, SeparateTilde(dense, 2, 5).lines);
}

}  // namespace
}  // namespace tiepoint
