// SPDX-License-Identifier: Apache-2.0
#include "training/direction_agreement.h"

#include <gtest/gtest.h>

#include <numbers>

namespace tiepoint {
namespace {

constexpr int kWidth = 16;

// One view whose scores point in the column `peak` by `height`.
torch::Tensor View(int peak, double height) {
  torch::Tensor scores = torch::zeros({1, 1, 2, kWidth});
  scores.select(3, peak).fill_(height);
  return scores;
}

double Agreement(const torch::Tensor& first, const torch::Tensor& second,
                 double columns) {
  const double turn = columns * 2 * std::numbers::pi / kWidth;
  return DirectionAgreement(torch::cat({first, second}), torch::full({1}, turn))
      .item<double>();
}

TEST(DirectionAgreement, IsAboutTheTurnBetweenTheViews) {
  EXPECT_NEAR(Agreement(View(3, 30), View(7, 30), 4), 0.5, 1e-4);
  EXPECT_NEAR(Agreement(View(14, 30), View(2, 30), 4), 0.5, 1e-4);
  EXPECT_NEAR(Agreement(View(3, 30), View(7, 30), 5), 0.25, 1e-4);
  EXPECT_NEAR(Agreement(View(3, 30), View(7, 30), 8), 0, 1e-4);
}

TEST(DirectionAgreement, KnowingNothingIsOneInSixteen) {
  EXPECT_NEAR(Agreement(View(3, 0), View(7, 0), 4), 1.0 / kWidth, 1e-5);
}

TEST(DirectionAgreement, TwoDirectionsThatBothTurnAgree) {
  // Their means are of no use: they may lie anywhere.
  const torch::Tensor first = View(1, 30) + View(9, 30);
  const torch::Tensor second = View(3, 30) + View(11, 30);
  EXPECT_NEAR(Agreement(first, second, 2), 0.25, 1e-4);
  EXPECT_NEAR(Agreement(first, second, 6), 0, 1e-4);
}

TEST(DirectionAgreement, LeadsToTheTrueTurn) {
  torch::Tensor scores = torch::cat({View(3, 1), View(8, 1)});
  scores.set_requires_grad(true);
  const torch::Tensor turn =
      torch::full({1}, 4 * 2 * std::numbers::pi / kWidth);
  torch::log(DirectionAgreement(scores, turn)).sum().backward();
  const torch::Tensor gradient = scores.grad()[1][0].sum(0);
  EXPECT_GT(gradient[7].item<double>(), 0);
  EXPECT_LT(gradient[12].item<double>(), 0);
}

}  // namespace
}  // namespace tiepoint
