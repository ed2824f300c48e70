// SPDX-License-Identifier: Apache-2.0
#include "training/sift_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

constexpr double kStep = 2 * std::numbers::pi / SiftTable::kAngles;

// A photograph of waves and blobs; the keypoint lies in its middle.
GrayImage Scene() {
  GrayImage image(200, 200);
  Random random(4);
  std::vector<double> wave;
  for (int i = 0; i < 30; ++i) wave.push_back(random.Uniform(-0.25, 0.25));
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 200; ++x) {
      double v = 128;
      for (int i = 0; i < 30; i += 3) {
        v += 15 * std::sin(wave[i] * x + wave[i + 1] * y + 30 * wave[i + 2]);
      }
      image.At(x, y) = static_cast<float>(v);
    }
  }
  return image;
}

torch::Tensor Patch(double angle) {
  static const ImagePyramid pyramid(Scene());
  const PatchGeometry geometry = SiftTable::Patch();
  torch::Tensor patch = torch::empty({1, 1, geometry.size, geometry.size});
  SamplePatch(pyramid, 99, 101, 4, angle, geometry, patch.data_ptr<float>());
  return patch;
}

torch::Tensor At(double angle) {
  return torch::full({1}, angle, torch::kFloat);
}

double Distance(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).norm().item<double>();
}

TEST(SiftTableTest, TurningTheAngleIsTurningThePatch) {
  const SiftTable table(torch::kCPU);
  for (const int k : {0, 1, 7, 18, 35, 50, 71}) {
    const torch::Tensor turned = table.Describe(Patch(0), At(k * kStep));
    EXPECT_NEAR(turned.norm().item<double>(), 1, 1e-5);
    const torch::Tensor upright = table.Describe(Patch(k * kStep), At(0));
    EXPECT_LT(Distance(turned, upright), 0.08) << k;
    EXPECT_GT(Distance(turned, table.Describe(Patch(0), At((k + 18) * kStep))),
              0.5)
        << "a quarter turn is seen";
  }
}

TEST(SiftTableTest, BetweenTheEntriesLieStraightLines) {
  const SiftTable table(torch::kCPU);
  const torch::Tensor a = table.Describe(Patch(0), At(71 * kStep));
  const torch::Tensor b = table.Describe(Patch(0), At(0));
  EXPECT_LT(Distance(table.Describe(Patch(0), At(-0.25 * kStep)),
                     0.25 * a + 0.75 * b),
            1e-4);
}

TEST(SiftTableTest, TheDerivativeIsThatOfTheLine) {
  const SiftTable table(torch::kCPU);
  torch::Tensor angle = At(10.3 * kStep).set_requires_grad(true);
  const torch::Tensor goal = table.Describe(Patch(0), At(13 * kStep));
  const auto distance = [&](const torch::Tensor& at) {
    return (table.Describe(Patch(0), at) - goal).pow(2).sum();
  };
  distance(angle).backward();
  const double step = 0.2 * kStep;
  const double expected =
      (distance(At(10.3 * kStep + step)) - distance(At(10.3 * kStep - step)))
          .item<double>() /
      (2 * step);
  EXPECT_LT(expected, 0) << "towards the goal it gets nearer";
  EXPECT_NEAR(angle.grad().item<double>(), expected, 0.02 * -expected);
}

TEST(SiftTableTest, ABlankPatchHasADescriptorWithoutNaN) {
  const SiftTable table(torch::kCPU);
  const PatchGeometry geometry = SiftTable::Patch();
  const torch::Tensor blank =
      torch::full({2, 1, geometry.size, geometry.size}, 70.0f);
  EXPECT_TRUE(torch::isfinite(table.Describe(blank, torch::zeros({2})))
                  .all()
                  .item<bool>());
}

}  // namespace
}  // namespace tiepoint
