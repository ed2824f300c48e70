// SPDX-License-Identifier: Apache-2.0
#include "evaluation/rotation.h"

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

TEST(RotationTest, PointsLieWhereTheWarpSays) {
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

TEST(RotationTest, TheCanvasHoldsEveryCorner) {
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

TEST(RotationTest, QuarterTurnsMovePixels) {
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

TEST(RotationTest, RootSiftFollowsTurnsAndSizes) {
  // Blobs of many shapes; no picture of this machine.
  GrayImage image(320, 240, 100);
  for (int k = 0; k < 150; ++k) {
    const double x = 20 + 280 * std::fmod(k * 0.618034, 1);
    const double y = 20 + 200 * std::fmod(k * 0.754878, 1);
    const GrayImage blob =
        Blob(320, 240, x, y, 1.5 + 3 * std::fmod(k * 0.37, 1));
    for (size_t i = 0; i < image.pixels.size(); ++i) {
      image.pixels[i] += (k % 2 ? 0.4f : -0.3f) * blob.pixels[i];
    }
  }
  for (float& v : image.pixels) v = std::clamp(v, 0.0f, 255.0f);
  Image photograph;
  photograph.width = image.width;
  photograph.height = image.height;
  photograph.gray = image;
  const auto quiet = [](const std::string&) {};
  const auto turned =
      EvaluateRotation(photograph, {"rootsift"}, {}, {0, 40, 90}, quiet);
  ASSERT_EQ(turned.size(), 1u);
  double sum = 0;
  for (const double share : turned[0].angles) sum += share;
  EXPECT_NEAR(sum, 1, 1e-9);
  ASSERT_EQ(turned[0].scores.size(), 3u);
  EXPECT_EQ(turned[0].scores[0].Accuracy(), 1);
  EXPECT_EQ(turned[0].scores[0].angle_error, 0);
  for (const WarpScore& score : turned[0].scores) {
    EXPECT_GT(score.matches, 50);
    EXPECT_GT(score.Accuracy(), 0.75) << score.warp;
    EXPECT_LT(score.angle_error, 2) << score.warp;
  }
  const auto resized =
      EvaluateScale(photograph, {"rootsift"}, {}, {0.7, 1.5}, quiet);
  for (const WarpScore& score : resized[0].scores) {
    EXPECT_GT(score.Accuracy(), 0.7) << score.warp;
  }
}

}  // namespace
}  // namespace tiepoint
