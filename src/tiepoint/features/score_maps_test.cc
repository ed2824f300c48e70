// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/score_maps.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tiepoint {
namespace {

// Score maps that a Gaussian bump over (x, y, log scale) would give.
std::vector<ScoreMap> Bump(double x0, double y0, double scale0, double sign,
                           double elongation = 1) {
  std::vector<ScoreMap> maps;
  for (int k = 0; k < 12; ++k) {
    ScoreMap map;
    map.scale = std::exp2(k / 5.0);
    map.spacing = map.scale / 2;
    map.offset = 12;
    const int width = static_cast<int>(200 / map.spacing) - 24;
    map.scores = GrayImage(width, width);
    const double s = std::log2(map.scale / scale0);
    for (int j = 0; j < width; ++j) {
      for (int i = 0; i < width; ++i) {
        const double u = (map.ImageFromMap(i) - x0) / (1.2 * scale0);
        const double v =
            (map.ImageFromMap(j) - y0) / (1.2 * scale0 * elongation);
        map.scores.At(i, j) =
            float(sign * std::exp(-0.5 * (u * u + v * v + 9 * s * s)));
      }
    }
    maps.push_back(std::move(map));
  }
  return maps;
}

TEST(FindMaxima, PlaceAndScaleOfABumpAtAnySubPixelPosition) {
  for (const double scale : {1.4, 2.0, 2.6}) {
    for (const double fraction : {0.0, 0.2, 0.5, 0.77}) {
      const double x = 90 + fraction, y = 101 - 0.6 * fraction;
      const auto found = FindMaxima(Bump(x, y, scale, 1), {});
      ASSERT_EQ(found.size(), 1u) << scale << " " << fraction;
      EXPECT_NEAR(found[0].x, x, 0.02);
      EXPECT_NEAR(found[0].y, y, 0.02);
      EXPECT_NEAR(found[0].scale / scale, 1, 0.02);
      EXPECT_NEAR(found[0].score, 1, 0.05);
    }
  }
}

TEST(FindMaxima, RefusesMinimaEdgesAndFlatMaps) {
  EXPECT_TRUE(FindMaxima(Bump(100, 100, 2, -1), {}).empty());
  EXPECT_TRUE(FindMaxima(Bump(100, 100, 2, 1, 8), {}).empty());
  EXPECT_TRUE(FindMaxima(Bump(100, 100, 2, 0), {}).empty());
  EXPECT_TRUE(FindMaxima({}, {}).empty());
}

TEST(FindMaxima, CoarsestLevelOnlyJudges) {
  EXPECT_TRUE(FindMaxima(Bump(100, 100, std::exp2(11 / 5.0), 1), {}).empty());
}

TEST(FindMaxima, FinestLevelHoldsKeypointsOrOnlyJudges) {
  MaximaOptions options;
  for (const double scale : {1.0, 0.85}) {  // on it, and finer than all
    SCOPED_TRACE(scale);
    options.finest_levels = true;
    const auto found = FindMaxima(Bump(100.3, 99.8, scale, 1), options);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_NEAR(found[0].x, 100.3, 0.02);
    EXPECT_NEAR(found[0].y, 99.8, 0.02);
    EXPECT_FLOAT_EQ(found[0].scale, 1);
    options.finest_levels = false;
    EXPECT_TRUE(FindMaxima(Bump(100.3, 99.8, scale, 1), options).empty());
  }
}

TEST(FindMaxima, RadiusIsThatOfTheSuppression) {
  // Two structures three pixels apart on the only level.
  ScoreMap map;
  map.scores = GrayImage(21, 21);
  map.scores.At(9, 10) = 1;
  map.scores.At(12, 10) = 2;
  MaximaOptions options;
  options.neighbour_levels = 0;
  for (const int radius : {1, 2, 3, 4}) {
    options.radius = radius;
    EXPECT_EQ(FindMaxima({map}, options).size(), radius < 3 ? 2u : 1u)
        << radius;
  }
}

TEST(FindMaxima, BudgetKeepsTheMostPromising) {
  // A bump of 1 on a fine level and one of 0.8 on a coarse one.
  std::vector<ScoreMap> maps = Bump(60, 60, 1.4, 1);
  const std::vector<ScoreMap> coarse = Bump(140, 140, 2.6, 0.8);
  for (size_t k = 0; k < maps.size(); ++k) {
    for (size_t i = 0; i < maps[k].scores.pixels.size(); ++i) {
      maps[k].scores.pixels[i] += coarse[k].scores.pixels[i];
    }
  }
  EXPECT_EQ(FindMaxima(maps, {}).size(), 2u);
  EXPECT_EQ(FindMaxima(maps, {}, {.count = 2}).size(), 2u);
  const auto by_score = FindMaxima(maps, {}, {.count = 1});
  ASSERT_EQ(by_score.size(), 1u);
  EXPECT_NEAR(by_score[0].x, 60, 0.1);
  const auto by_scale = FindMaxima(maps, {}, {.count = 1, .scale_power = 1});
  ASSERT_EQ(by_scale.size(), 1u);
  EXPECT_NEAR(by_scale[0].x, 140, 0.1);
  // What is left of the scores above the base: 0.1 against -0.1.
  const auto above =
      FindMaxima(maps, {}, {.count = 1, .base = 0.9, .scale_power = 1});
  ASSERT_EQ(above.size(), 1u);
  EXPECT_NEAR(above[0].x, 60, 0.1);
}

TEST(KeepStrongest, CutsToTheCount) {
  std::vector<Keypoint> keypoints(5);
  KeepStrongest(keypoints, 3);
  EXPECT_EQ(keypoints.size(), 3u);
  KeepStrongest(keypoints, 0);
  EXPECT_EQ(keypoints.size(), 3u);
}

}  // namespace
}  // namespace tiepoint
