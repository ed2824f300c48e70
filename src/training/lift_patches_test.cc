// SPDX-License-Identifier: Apache-2.0
#include "training/lift_patches.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tiepoint/image/pyramid.h"

namespace tiepoint {
namespace {

constexpr double kX = 151.3, kY = 120.8, kScale = 3;

GrayImage Waves() {
  GrayImage image(320, 260);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      image.At(x, y) =
          static_cast<float>(128 + 60 * std::sin(x / 9.0) * std::cos(y / 7.0) +
                             50 * std::sin((x + 2 * y) / 23.0));
    }
  }
  return image;
}

torch::Tensor Sampled(const ImagePyramid& pyramid, const PatchGeometry& g,
                      double x, double y, double angle) {
  torch::Tensor patch = torch::empty({1, 1, g.size, g.size});
  SamplePatch(pyramid, x, y, kScale, angle, g, patch.data_ptr<float>());
  return patch;
}

// A crop of a patch is the patch that the photograph has there.
void ExpectSame(const PatchGeometry& geometry) {
  const ImagePyramid pyramid(Waves());
  const PatchGeometry large{PatchGeometry::Grid::kCartesian, 256, 16, 1, 0};
  const double x = 1.2, y = -0.7, angle = 0.6;  // sigma, radians
  const auto one = [](double v) { return torch::full({1}, v); };
  const torch::Tensor crop =
      Crop({Sampled(pyramid, large, kX, kY, 0), large.support}, geometry,
           one(x), one(y), one(angle));
  const torch::Tensor expected =
      Sampled(pyramid, geometry, kX + x * kScale, kY + y * kScale, angle);
  EXPECT_EQ(crop.sizes(), expected.sizes());
  // A crop is not smoothed where its pixels are coarser than the patch's.
  EXPECT_LT((crop - expected).abs().mean().item<float>(), 1.5);
  // And nowhere else.
  EXPECT_GT((crop.flip(3) - expected).abs().mean().item<float>(), 15);
}

TEST(LiftPatches, ACropIsThePatchThere) {
  ExpectSame({PatchGeometry::Grid::kCartesian, 64, 6, 1, 0});
  ExpectSame({PatchGeometry::Grid::kLogPolar, 32, 12, 1, 0});
}

TEST(LiftPatches, DerivativesPointToTheBetterPlace) {
  const ImagePyramid pyramid(Waves());
  const PatchGeometry large{PatchGeometry::Grid::kCartesian, 128, 16, 1, 0};
  const PatchGeometry small{PatchGeometry::Grid::kCartesian, 32, 6, 1, 0};
  const GrayPatches patches{Sampled(pyramid, large, kX, kY, 0), large.support};
  const torch::Tensor target = Crop(patches, small, torch::zeros({1}),
                                    torch::zeros({1}), torch::zeros({1}));
  torch::Tensor x = torch::full({1}, 0.2).requires_grad_();
  torch::Tensor y = torch::full({1}, -0.2).requires_grad_();
  torch::Tensor angle = torch::full({1}, 0.1).requires_grad_();
  (Crop(patches, small, x, y, angle) - target).pow(2).mean().backward();
  EXPECT_GT(x.grad().item<float>(), 0);
  EXPECT_LT(y.grad().item<float>(), 0);
  EXPECT_GT(angle.grad().item<float>(), 0);
}

}  // namespace
}  // namespace tiepoint
