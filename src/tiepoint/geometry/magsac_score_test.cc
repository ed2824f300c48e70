// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/magsac_score.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tiepoint {
namespace {

// The definition: the density of a chi residual with 4 degrees of freedom and
// noise sigma, r^3 sigma^-4 exp(-r^2 / 2 sigma^2) / 2, averaged over sigma in
// (0, 1] where r is at most k sigma. By the midpoint rule.
double MarginalWeight(double r) {
  constexpr int kSteps = 200000;
  double sum = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double sigma = (i + 0.5) / kSteps;
    if (r > kMagsacQuantile * sigma) continue;
    sum += std::pow(sigma, -4) * std::exp(-r * r / (2 * sigma * sigma));
  }
  return 0.5 * r * r * r * sum / kSteps;
}

TEST(MagsacScoreTest, TheWeightIsTheMarginalOverTheNoise) {
  // Up to one factor for all r.
  const auto ratio = [](double r) {
    const double t = r * r / (kMagsacQuantile * kMagsacQuantile);
    return MarginalWeight(r) / MagsacWeight(t);
  };
  const double expected = ratio(1);
  for (const double r : {0.1, 0.5, 1.5, 2.0, 3.0, 3.5}) {
    EXPECT_NEAR(ratio(r) / expected, 1, 2e-3) << r;
  }
}

TEST(MagsacScoreTest, TheLossIsTheIntegralOfTheWeight) {
  constexpr int kSteps = 20000;
  double whole = 0;
  for (int i = 0; i < kSteps; ++i) whole += MagsacWeight((i + 0.5) / kSteps);
  double sum = 0;
  for (int i = 0; i < kSteps; ++i) {
    if (i % 1000 == 0) {
      EXPECT_NEAR(MagsacLoss(static_cast<double>(i) / kSteps), sum / whole,
                  1e-6);
    }
    sum += MagsacWeight((i + 0.5) / kSteps);
  }
}

TEST(MagsacScoreTest, TheCurvatureIsTheSecondDerivative) {
  // loss' by r is proportional to r weight(r^2).
  for (const double r : {0.1, 0.3, 0.5, 0.8, 0.95}) {
    constexpr double kDelta = 1e-5;
    const auto slope = [](double x) { return x * MagsacWeight(x * x); };
    EXPECT_NEAR(MagsacCurvature(r * r),
                (slope(r + kDelta) - slope(r - kDelta)) / (2 * kDelta), 1e-6);
  }
}

TEST(MagsacScoreTest, Ends) {
  EXPECT_EQ(MagsacWeight(0), 1);
  EXPECT_EQ(MagsacLoss(0), 0);
  EXPECT_NEAR(MagsacWeight(1 - 1e-12), 0, 1e-9);
  EXPECT_NEAR(MagsacLoss(1 - 1e-12), 1, 1e-9);
  for (const double t : {1.0, 7.0, std::numeric_limits<double>::infinity(),
                         std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(MagsacWeight(t), 0);
    EXPECT_EQ(MagsacLoss(t), 1);
    EXPECT_EQ(MagsacTable::Get().Weight(t), 0);
    EXPECT_EQ(MagsacTable::Get().Loss(t), 1);
    EXPECT_EQ(MagsacTable::Get().Loss(static_cast<float>(t)), 1);
  }
}

TEST(MagsacScoreTest, TheTableEqualsTheFormula) {
  const MagsacTable& table = MagsacTable::Get();
  for (int i = 0; i < 10007; ++i) {
    const double t = i / 10007.0;
    EXPECT_NEAR(table.Weight(t), MagsacWeight(t), 1e-4);
    if (t < 1 - 1.0 / 1024) {
      EXPECT_NEAR(table.Curvature(t), MagsacCurvature(t), 1e-3);
    }
    EXPECT_NEAR(table.Loss(t), MagsacLoss(t), 1e-5);
    EXPECT_NEAR(table.Loss(static_cast<float>(t)), MagsacLoss(t), 1e-5);
  }
}

}  // namespace
}  // namespace tiepoint
