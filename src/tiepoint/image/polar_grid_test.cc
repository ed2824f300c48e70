// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/polar_grid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

ImagePyramid Texture(int width, int height) {
  Random random(3);
  GrayImage image(width, height);
  for (float& v : image.pixels) v = static_cast<float>(random.Uniform(0, 255));
  return ImagePyramid(std::move(image));
}

// In the middle, at the border, outside; smaller than a pixel and larger than
// the photograph.
TEST(PolarGrid, IsSamplePatchUpright) {
  const PatchGeometry geometry{PatchGeometry::Grid::kLogPolar, 32, 28, 1, 0};
  const PolarGrid grid(geometry);
  const ImagePyramid pyramid = Texture(161, 120);
  Random random(5);
  std::vector<float> expected(32 * 32), got(32 * 32);
  for (int i = 0; i < 200; ++i) {
    const double x = random.Uniform(-20, 180), y = random.Uniform(-20, 140);
    const double scale = std::exp(random.Uniform(-2, 3));
    SamplePatch(pyramid, x, y, scale, 0, geometry, expected.data());
    grid.Sample(pyramid, x, y, scale, got.data());
    for (size_t k = 0; k < got.size(); ++k) {
      // Noise of 255 a pixel: a thousandth of a pixel is a quarter.
      ASSERT_NEAR(got[k], expected[k], 0.05) << x << " " << y << " " << scale;
    }
  }
}

TEST(PolarGrid, OnePixel) {
  const PatchGeometry geometry{PatchGeometry::Grid::kLogPolar, 8, 10, 1, 0};
  const ImagePyramid pyramid(GrayImage(1, 1));
  std::vector<float> patch(64, 7);
  PolarGrid(geometry).Sample(pyramid, 0, 0, 2, patch.data());
  for (const float v : patch) EXPECT_EQ(v, 0);
}

TEST(PolarGrid, RefusesSquares) { EXPECT_THROW(PolarGrid({}), InputError); }

}  // namespace
}  // namespace tiepoint
