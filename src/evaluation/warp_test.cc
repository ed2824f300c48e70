// SPDX-License-Identifier: Apache-2.0
#include "evaluation/warp.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tiepoint {
namespace {

// A round blob whose centre can be measured to a small part of a pixel.
GrayImage Blob(int width, int height, double x0, double y0, double sigma) {
  GrayImage image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double square = (x - x0) * (x - x0) + (y - y0) * (y - y0);
      image.At(x, y) =
          static_cast<float>(250 * std::exp(-square / (2 * sigma * sigma)));
    }
  }
  return image;
}

std::array<double, 2> Centre(const GrayImage& image) {
  double sum = 0, x = 0, y = 0;
  for (int v = 0; v < image.height; ++v) {
    for (int u = 0; u < image.width; ++u) {
      sum += image.At(u, v);
      x += image.At(u, v) * u;
      y += image.At(u, v) * v;
    }
  }
  return {x / sum, y / sum};
}

void ExpectCentreAtItsPlace(const WarpedImage& warp, double x, double y) {
  const auto centre = Centre(warp.image);
  EXPECT_NEAR(centre[0], warp.xx * x + warp.xy * y + warp.x0, 0.01);
  EXPECT_NEAR(centre[1], warp.yx * x + warp.yy * y + warp.y0, 0.01);
}

TEST(WarpTest, PointsLieWhereTheWarpSays) {
  const GrayImage image = Blob(120, 90, 30.3, 60.8, 3);
  for (int degrees = 0; degrees < 360; degrees += 15) {
    SCOPED_TRACE(degrees);
    ExpectCentreAtItsPlace(Turned(image, degrees), 30.3, 60.8);
  }
  for (const double factor : {0.25, 0.5, 0.8, 1.5, 4.0}) {
    SCOPED_TRACE(factor);
    ExpectCentreAtItsPlace(Resized(image, factor), 30.3, 60.8);
  }
}

TEST(WarpTest, TheCanvasHoldsEveryCorner) {
  const GrayImage image(120, 90, 100);
  for (int degrees = 0; degrees < 360; degrees += 7) {
    const WarpedImage warp = Turned(image, degrees);
    for (const double x : {0.0, 119.0}) {
      for (const double y : {0.0, 89.0}) {
        const double u = warp.xx * x + warp.xy * y + warp.x0;
        const double v = warp.yx * x + warp.yy * y + warp.y0;
        EXPECT_GE(u, -1e-9);
        EXPECT_GE(v, -1e-9);
        EXPECT_LE(u, warp.image.width - 1 + 1e-9);
        EXPECT_LE(v, warp.image.height - 1 + 1e-9);
      }
    }
  }
}

TEST(WarpTest, QuarterTurnsMovePixels) {
  GrayImage image(3, 2);
  image.pixels = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(Turned(image, 0).image.pixels, image.pixels);
  // Clockwise on screen: the left column becomes the top row.
  const WarpedImage quarter = Turned(image, 90);
  EXPECT_EQ(quarter.image.width, 2);
  EXPECT_EQ(quarter.image.pixels, (std::vector<float>{4, 1, 5, 2, 6, 3}));
  EXPECT_EQ(Turned(image, 180).image.pixels,
            (std::vector<float>{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(Turned(quarter.image, -90).image.pixels, image.pixels);
}

TEST(WarpTest, ColoursMoveWithTheGray) {
  Image image;
  image.width = 3;
  image.height = 2;
  image.gray = GrayImage(3, 2);
  for (int i = 0; i < 6; ++i) {
    image.gray.pixels[i] = static_cast<float>(10 * i);
    for (int c = 0; c < 3; ++c) {
      image.bgr.push_back(static_cast<uint8_t>(10 * i + c));
    }
  }
  const WarpedPhotograph turned = TurnedPhotograph(image, 90);
  EXPECT_EQ(turned.image.width, 2);
  EXPECT_EQ(turned.image.height, 3);
  ASSERT_EQ(turned.image.bgr.size(), 18u);
  for (int i = 0; i < 6; ++i) {
    for (int c = 0; c < 3; ++c) {
      EXPECT_EQ(turned.image.bgr[3 * i + c], turned.image.gray.pixels[i] + c);
    }
  }
  // (0, 0) comes to the right end of the top row.
  EXPECT_EQ(turned.homography, (Matrix3{0, -1, 1, 1, 0, 0, 0, 0, 1}));
  image.bgr.clear();
  EXPECT_TRUE(ResizedPhotograph(image, 0.5).image.bgr.empty());
}

}  // namespace
}  // namespace tiepoint
