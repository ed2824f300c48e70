// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

GrayImage Make(int width, int height,
               const std::function<double(int, int)>& value) {
  GrayImage image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.At(x, y) = static_cast<float>(value(x, y));
    }
  }
  return image;
}

TEST(ReflectIndexTest, IsPeriodicAndDoesNotRepeatTheBorder) {
  const int expected[] = {2, 1, 0, 1, 2, 3, 2, 1, 0, 1};  // n = 4, from -2
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ReflectIndex(i - 2, 4), expected[i]);
  for (int i = -50; i < 50; ++i) {
    EXPECT_EQ(ReflectIndex(i, 1), 0);
    EXPECT_EQ(ReflectIndex(i, 7), ReflectIndex(i + 12, 7));
    EXPECT_EQ(ReflectIndex(i, 7), ReflectIndex(-i, 7));
  }
}

TEST(GaussianBlurTest, AnImpulseBecomesTheGaussian) {
  const double sigma = 1.7;
  GrayImage impulse(41, 41);
  impulse.At(20, 20) = 1000;
  const GrayImage blurred = GaussianBlur(impulse, sigma);
  double sum = 0, x_variance = 0, y_variance = 0;
  for (int y = 0; y < 41; ++y) {
    for (int x = 0; x < 41; ++x) {
      const double v = blurred.At(x, y) / 1000;
      sum += v;
      x_variance += v * (x - 20) * (x - 20);
      y_variance += v * (y - 20) * (y - 20);
      const double r2 = (x - 20) * (x - 20) + (y - 20) * (y - 20);
      const double truth =
          std::exp(-r2 / (2 * sigma * sigma)) / (2 * M_PI * sigma * sigma);
      // Cut at 4 sigma: what is left out is 6e-5 of the sum.
      EXPECT_NEAR(v, truth, 1e-4) << x << " " << y;
    }
  }
  EXPECT_NEAR(sum, 1, 1e-5);
  EXPECT_NEAR(x_variance, sigma * sigma, 0.01);
  EXPECT_NEAR(y_variance, sigma * sigma, 0.01);
}

TEST(GaussianBlurTest, BlursAddInSquares) {
  Random random(1);
  const GrayImage image =
      Make(60, 50, [&](int, int) { return random.Uniform(0, 255); });
  const GrayImage twice = GaussianBlur(GaussianBlur(image, 1.5), 2.0);
  const GrayImage once = GaussianBlur(image, 2.5);
  for (size_t i = 0; i < once.pixels.size(); ++i) {
    EXPECT_NEAR(twice.pixels[i], once.pixels[i], 0.3);
  }
}

TEST(GaussianBlurTest, KeepsConstantsAndSmallImages) {
  for (const auto& [w, h] : {std::pair{1, 1}, {1, 9}, {3, 2}, {30, 20}}) {
    const GrayImage blurred = GaussianBlur(GrayImage(w, h, 77), 3.0);
    ASSERT_EQ(blurred.width, w);
    ASSERT_EQ(blurred.height, h);
    for (const float v : blurred.pixels) EXPECT_NEAR(v, 77, 1e-3);
  }
  const GrayImage image = Make(9, 9, [](int x, int y) { return x * y; });
  EXPECT_EQ(GaussianBlur(image, 0).pixels, image.pixels);
}

// Cubic convolution with a = -1/2 reproduces quadratics exactly, so positions
// can be read off a ramp and its curvature.
TEST(ResampleTest, IsExactOnQuadraticsAtTheStatedPositions) {
  const auto f = [](double x, double y) {
    return 20 + 1.5 * x - 0.7 * y + 0.03 * x * x - 0.02 * x * y;
  };
  const GrayImage image = Make(50, 40, [&](int x, int y) { return f(x, y); });
  for (const double spacing : {0.51, 1.0, 1.3, 2.0}) {
    const GrayImage out = Resample(image, spacing);
    EXPECT_EQ(out.width, static_cast<int>(std::ceil(50 / spacing - 1e-9)));
    EXPECT_EQ(out.height, static_cast<int>(std::ceil(40 / spacing - 1e-9)));
    for (int j = 0; j < out.height; ++j) {
      for (int i = 0; i < out.width; ++i) {
        const double x = (i + 0.5) * spacing - 0.5;
        const double y = (j + 0.5) * spacing - 0.5;
        if (x < 1 || x > 47 || y < 1 || y > 37) continue;  // reflected there
        EXPECT_NEAR(out.At(i, j), f(x, y), 1e-3) << spacing;
      }
    }
  }
}

TEST(ResampleTest, OnePixelStaysOnePixelOfTheSameValue) {
  const GrayImage out = Resample(GrayImage(1, 1, 42), 3.0);
  ASSERT_EQ(out.pixels.size(), 1u);
  EXPECT_NEAR(out.pixels[0], 42, 1e-4);
}

}  // namespace
}  // namespace tiepoint
