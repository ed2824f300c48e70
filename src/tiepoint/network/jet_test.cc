// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/jet.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tiepoint/base/parallel.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/naive_network.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

constexpr int kWidth = 37, kHeight = 83;
constexpr int kColumns = kWidth - 2 * kJetReach;
constexpr int kRows = kHeight - 2 * kJetReach;

Model JetModel() {
  return RandomModel(
      R"({"architecture": "jet", "input": [1, 21, 21], "layers": [
          {"type": "jet"},
          {"type": "conv", "name": "a", "out": 5, "kernel": 1},
          {"type": "relu"},
          {"type": "conv", "name": "b", "out": 1, "kernel": 1}]})",
      4);
}

TEST(Jet, IsTheNaiveLayer) {
  const std::vector<float> plane = RandomValues(kWidth * kHeight, 1);
  Model model;
  model.spec = NetworkSpecFromJson(
      R"({"architecture": "jet", "input": [1, 21, 21],
          "layers": [{"type": "jet"}]})");
  const std::vector<float> expected =
      RunNaive(model, {1, kHeight, kWidth}, plane);
  std::vector<float> jet(kJetChannels * kColumns * kRows);
  ASSERT_EQ(jet.size(), expected.size());
  ComputeJet(plane.data(), kWidth, kHeight, jet.data());
  for (size_t i = 0; i < jet.size(); ++i) {
    ASSERT_NEAR(jet[i], expected[i], 1e-5);
  }
}

// Of a quarter turn exactly: the sums are the same ones.
TEST(Jet, DoesNotChangeWhenThePictureTurns) {
  const int n = 2 * kJetReach + 3;
  const std::vector<float> plane = RandomValues(n * n, 2);
  std::vector<float> turned(plane.size());
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) turned[x * n + n - 1 - y] = plane[y * n + x];
  }
  std::vector<float> a(kJetChannels * 9), b(a.size());
  ComputeJet(plane.data(), n, n, a.data());
  ComputeJet(turned.data(), n, n, b.data());
  for (int c = 0; c < kJetChannels; ++c) {
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 3; ++x) {
        EXPECT_NEAR(b[c * 9 + x * 3 + 2 - y], a[c * 9 + y * 3 + x], 1e-5);
      }
    }
  }
}

// A Gaussian blob of the finer blur's size: its Laplacian is known.
TEST(Jet, MeasuresABlob) {
  const double s = kJetSigmas[0];
  const int n = 61;
  std::vector<float> plane(n * n);
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) {
      const double r2 = (x - 30) * (x - 30) + (y - 30) * (y - 30);
      plane[y * n + x] = static_cast<float>(std::exp(-r2 / (2 * s * s)));
    }
  }
  const int m = n - 2 * kJetReach;
  std::vector<float> jet(kJetChannels * m * m);
  ComputeJet(plane.data(), n, n, jet.data());
  const int middle = m / 2 * m + m / 2;
  // Blurred: half as high, variance 2 s^2; -(xx + yy) = 2 / (2 s^2) of it.
  EXPECT_NEAR(jet[middle], 0.5, 0.05);
  EXPECT_NEAR(jet[m * m + middle], 0, 1e-4);
  EXPECT_NEAR(jet[2 * m * m + middle], 0, 1e-4);
}

TEST(Jet, ScoresAreThoseOfTheNaiveNetwork) {
  const Model model = JetModel();
  const std::vector<float> plane = RandomValues(kWidth * kHeight, 3);
  const std::vector<float> expected =
      RunNaive(model, {1, kHeight, kWidth}, plane);
  const InferenceNetwork network(model);
  for (const int threads : {1, 3}) {
    SetNumThreads(threads);
    int width = 0, height = 0;
    const std::vector<float> scores =
        network.RunDense(plane.data(), kWidth, kHeight, &width, &height);
    ASSERT_EQ(width, kColumns);
    ASSERT_EQ(height, kRows);
    for (size_t i = 0; i < scores.size(); ++i) {
      ASSERT_NEAR(scores[i], expected[i], 1e-4);
    }
  }
  SetNumThreads(0);
  // One sample, layer by layer.
  float score = 0;
  const std::vector<float> window = RandomValues(21 * 21, 6);
  network.Run(window.data(), 1, &score);
  EXPECT_NEAR(score, RunNaive(model, {1, 21, 21}, window)[0], 1e-4);
}

}  // namespace
}  // namespace tiepoint
