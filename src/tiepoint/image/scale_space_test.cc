// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/scale_space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

// A Gaussian of standard deviation `sigma` around (x0, y0).
GrayImage Blob(double x0, double y0, double sigma) {
  GrayImage image(220, 200);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const double r2 = (x - x0) * (x - x0) + (y - y0) * (y - y0);
      image.At(x, y) =
          static_cast<float>(200 * std::exp(-r2 / (2 * sigma * sigma)));
    }
  }
  return image;
}

TEST(ScaleSpaceOptionsTest, ScalesGrowByAConstantFactorFromFirstToLast) {
  const std::vector<double> scales = ScaleSpaceOptions{1, 16, 5}.Scales();
  ASSERT_EQ(scales.size(), 21u);  // four octaves of five steps, both ends
  EXPECT_DOUBLE_EQ(scales.front(), 1);
  EXPECT_NEAR(scales.back(), 16, 1e-9);
  for (size_t k = 1; k < scales.size(); ++k) {
    EXPECT_NEAR(std::log2(scales[k] / scales[k - 1]), 0.2, 1e-9);
  }
}

TEST(ScaleSpaceOptionsTest, ValidateNamesTheOption) {
  EXPECT_EQ(ScaleSpaceOptions().Validate(), "");
  ScaleSpaceOptions options;
  options.first_scale = 0;
  EXPECT_NE(options.Validate().find("first_scale"), std::string::npos);
  options = {};
  options.last_scale = 0.5;
  EXPECT_NE(options.Validate().find("last_scale"), std::string::npos);
  options = {};
  options.levels_per_octave = 0;
  EXPECT_NE(options.Validate().find("levels_per_octave"), std::string::npos);
}

TEST(ScaleLevelTest, PositionsGoToTheLevelAndBack) {
  ScaleLevel level;
  level.spacing = 1.7;
  EXPECT_NEAR(level.ImageFromLevel(level.LevelFromImage(12.3)), 12.3, 1e-12);
  // The left border of the first pixel is at -0.5 on every level.
  EXPECT_NEAR(level.LevelFromImage(-0.5), -0.5, 1e-12);
}

// The blob stays where it is, and its variance grows by exactly one level pixel
// squared (less the camera's blur, which it has already), at every scale.
TEST(MakeScaleLevelTest, KeepsPlaceAndHasABlurOfOneLevelPixel) {
  const double x0 = 104.3, y0 = 96.8, sigma = 5;
  const ImagePyramid pyramid(Blob(x0, y0, sigma));
  for (const double scale : {1.0, 1.6, 2.0, 3.1, 4.0, 6.5, 9.0}) {
    const ScaleLevel level = MakeScaleLevel(pyramid, scale);
    EXPECT_DOUBLE_EQ(level.spacing, scale / kPixelsPerScale);
    double sum = 0, x_sum = 0, y_sum = 0, r2_sum = 0;
    for (int j = 0; j < level.image.height; ++j) {
      for (int i = 0; i < level.image.width; ++i) {
        const double x = level.ImageFromLevel(i), y = level.ImageFromLevel(j);
        const double v = level.image.At(i, j);
        sum += v;
        x_sum += v * x;
        y_sum += v * y;
        r2_sum += v * ((x - x0) * (x - x0) + (y - y0) * (y - y0));
      }
    }
    EXPECT_NEAR(x_sum / sum, x0, 0.01 * level.spacing) << scale;
    EXPECT_NEAR(y_sum / sum, y0, 0.01 * level.spacing) << scale;
    const double variance = sigma * sigma - kCameraBlur * kCameraBlur +
                            level.spacing * level.spacing;
    EXPECT_NEAR(r2_sum / sum / 2 / variance, 1, 0.02) << scale;
  }
}

TEST(MakeScaleLevelTest, CoversSmallAndFlatImages) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 40}, {37, 20}}) {
    const ImagePyramid pyramid(GrayImage(width, height, 77));
    for (const double scale : {1.0, 5.0, 16.0}) {
      const ScaleLevel level = MakeScaleLevel(pyramid, scale);
      ASSERT_FALSE(level.image.Empty());
      EXPECT_GE(level.image.width * level.spacing, width - 1e-6);
      for (const float v : level.image.pixels) EXPECT_NEAR(v, 77, 1e-2);
    }
  }
}

// Blurred on from level to level, or from the photograph alone.
TEST(ScaleLevelsTest, AreThoseOfMakeScaleLevel) {
  Random random(2);
  GrayImage noise(150, 131);
  for (float& v : noise.pixels) v = static_cast<float>(random.Uniform(0, 255));
  const ImagePyramid pyramid(noise);
  ScaleLevels levels(pyramid);
  for (const double scale : ScaleSpaceOptions().Scales()) {
    const ScaleLevel one = levels.Next(scale);
    const ScaleLevel alone = MakeScaleLevel(pyramid, scale);
    EXPECT_EQ(one.scale, alone.scale);
    EXPECT_EQ(one.spacing, alone.spacing);
    ASSERT_EQ(one.image.width, alone.image.width);
    ASSERT_EQ(one.image.height, alone.image.height);
    double largest = 0;
    for (size_t i = 0; i < one.image.pixels.size(); ++i) {
      largest = std::max<double>(
          largest, std::abs(one.image.pixels[i] - alone.image.pixels[i]));
    }
    EXPECT_LT(largest, 1) << scale;  // of white noise, 0 .. 255
  }
  EXPECT_THROW(levels.Next(2), std::logic_error);
}

// Any rows, to the last bit, at every scale and of pictures of any size.
TEST(ScaleStripTest, HasTheRowsOfTheLevels) {
  Random random(3);
  for (const auto& [width, height] :
       {std::pair(60, 150), std::pair(50, 37), std::pair(31, 9)}) {
    GrayImage noise(width, height);
    for (float& v : noise.pixels) {
      v = static_cast<float>(random.Uniform(0, 255));
    }
    const ImagePyramid pyramid(noise);
    for (const double first : {1.0, 1.4, kPixelsPerScale}) {
      ScaleSpaceOptions options;
      options.first_scale = first;
      LevelPlanner planner(width, height);
      ScaleLevels whole(pyramid);
      std::vector<LevelPlan> plans;
      std::vector<GrayImage> expected;
      for (const double scale : options.Scales()) {
        plans.push_back(planner.Next(scale));
        expected.push_back(whole.Next(scale).image);
        ASSERT_EQ(plans.back().width, expected.back().width);
        ASSERT_EQ(plans.back().height, expected.back().height);
      }
      for (int round = 0; round < 20; ++round) {
        std::vector<RowRange> wanted;
        for (const LevelPlan& plan : plans) {
          const int from = random.Integer(plan.height);
          wanted.push_back(
              {from, from + random.Integer(plan.height - from + 1)});
        }
        ScaleStrip strip(pyramid, plans, wanted);
        for (size_t k = 0; k < plans.size(); ++k) {
          const GrayImage rows = strip.Next();
          ASSERT_EQ(rows.height, wanted[k].Count());
          EXPECT_TRUE(std::equal(rows.pixels.begin(), rows.pixels.end(),
                                 expected[k].Row(wanted[k].first)))
              << width << "x" << height << " level " << k;
        }
      }
    }
  }
}

}  // namespace
}  // namespace tiepoint
