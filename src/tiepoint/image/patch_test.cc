// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/patch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

constexpr int kSize = 16;
using Grid = PatchGeometry::Grid;

PatchGeometry Geometry(Grid grid) {
  return {.grid = grid, .size = kSize, .support = 6, .inner = 1};
}

std::vector<float> Sample(const ImagePyramid& pyramid, double x, double y,
                          double scale, double angle, Grid grid) {
  std::vector<float> patch(kSize * kSize);
  SamplePatch(pyramid, x, y, scale, angle, Geometry(grid), patch.data());
  return patch;
}

// Smoothing and linear interpolation leave a ramp as it is, so its intensity
// tells where each pixel of the patch was read.
double Ramp(double x, double y) { return 10 + 0.7 * x + 0.4 * y; }

ImagePyramid RampPyramid() {
  GrayImage image(256, 256);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      image.At(x, y) = static_cast<float>(Ramp(x, y));
    }
  }
  return ImagePyramid(image);
}

TEST(SamplePatchTest, CartesianPixelsLieWhereTheHeaderSays) {
  const ImagePyramid pyramid = RampPyramid();
  const double x = 120.3, y = 131.8;
  for (const double scale : {0.8, 2.5, 6.0}) {
    for (const double angle : {0.0, 0.6, -2.5}) {
      const auto patch = Sample(pyramid, x, y, scale, angle, Grid::kCartesian);
      const double c = std::cos(angle), s = std::sin(angle);
      for (int j = 0; j < kSize; ++j) {
        for (int i = 0; i < kSize; ++i) {
          const double u = 6 * scale * ((2 * i + 1.0) / kSize - 1);
          const double v = 6 * scale * ((2 * j + 1.0) / kSize - 1);
          EXPECT_NEAR(patch[j * kSize + i],
                      Ramp(x + c * u - s * v, y + s * u + c * v), 0.02);
        }
      }
    }
  }
}

// A network that counts from another corner: the keypoint is at pixel
// (size / 2, size / 2), in every direction of the patch.
TEST(SamplePatchTest, TheCentreCanBeShifted) {
  const ImagePyramid pyramid = RampPyramid();
  PatchGeometry geometry = Geometry(Grid::kCartesian);
  geometry.centre_shift = 0.5;
  EXPECT_EQ(geometry.Validate(), "");
  std::vector<float> patch(kSize * kSize);
  for (const double angle : {0.0, 2.0}) {
    SamplePatch(pyramid, 120.3, 131.8, 2.5, angle, geometry, patch.data());
    EXPECT_NEAR(patch[kSize / 2 * kSize + kSize / 2], Ramp(120.3, 131.8), 0.01);
  }
  geometry.centre_shift = 2 * kSize;
  EXPECT_NE(geometry.Validate(), "");
}

TEST(SamplePatchTest, LogPolarPixelsLieWhereTheHeaderSays) {
  const ImagePyramid pyramid = RampPyramid();
  const double x = 120.3, y = 131.8, scale = 3, angle = 0.6;
  const auto patch = Sample(pyramid, x, y, scale, angle, Grid::kLogPolar);
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) {
      const double radius = scale * std::pow(6.0, j / (kSize - 1.0));
      const double a = angle + 2 * std::numbers::pi * i / kSize;
      EXPECT_NEAR(patch[j * kSize + i],
                  Ramp(x + radius * std::cos(a), y + radius * std::sin(a)),
                  0.02);
    }
  }
}

ImagePyramid NoisePyramid() {
  Random random(7);
  GrayImage image(90, 80);
  for (float& v : image.pixels) v = static_cast<float>(random.Uniform(0, 255));
  return ImagePyramid(image);
}

TEST(SamplePatchTest, ATurnShiftsTheColumnsOfALogPolarPatch) {
  const ImagePyramid pyramid = NoisePyramid();
  const int shift = 5;
  const double turn = 2 * std::numbers::pi * shift / kSize;
  const auto upright = Sample(pyramid, 40.2, 37.9, 2, 0.3, Grid::kLogPolar);
  const auto turned =
      Sample(pyramid, 40.2, 37.9, 2, 0.3 + turn, Grid::kLogPolar);
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) {
      EXPECT_NEAR(turned[j * kSize + i],
                  upright[j * kSize + (i + shift) % kSize], 1e-2);
    }
  }
}

TEST(SamplePatchTest, AHalfTurnReversesACartesianPatch) {
  const ImagePyramid pyramid = NoisePyramid();
  const auto upright = Sample(pyramid, 40.2, 37.9, 2, 0.3, Grid::kCartesian);
  const auto turned =
      Sample(pyramid, 40.2, 37.9, 2, 0.3 - std::numbers::pi, Grid::kCartesian);
  for (int k = 0; k < kSize * kSize; ++k) {
    EXPECT_NEAR(turned[k], upright[kSize * kSize - 1 - k], 1e-2);
  }
}

TEST(SamplePatchTest, OutsideTheImageItIsReflected) {
  // A flat image stays flat however far outside the patch lies.
  const ImagePyramid flat(GrayImage(20, 30, 77));
  for (const Grid grid : {Grid::kCartesian, Grid::kLogPolar}) {
    for (const float v : Sample(flat, -3, 29, 8, 1, grid)) {
      EXPECT_NEAR(v, 77, 1e-3);
    }
  }
  // At the left border the patch is its own mirror image.
  const auto patch = Sample(NoisePyramid(), 0, 40, 0.5, 0, Grid::kCartesian);
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) {
      EXPECT_NEAR(patch[j * kSize + i], patch[j * kSize + kSize - 1 - i], 1e-2);
    }
  }
}

TEST(PatchGeometryTest, ValidateSaysWhatIsWrong) {
  EXPECT_EQ(PatchGeometry().Validate(), "");
  EXPECT_NE(PatchGeometry{.size = 2}.Validate(), "");
  EXPECT_NE(PatchGeometry{.support = 0}.Validate(), "");
  EXPECT_NE((PatchGeometry{.grid = Grid::kLogPolar, .support = 6, .inner = 6}
                 .Validate()),
            "");
}

}  // namespace
}  // namespace tiepoint
