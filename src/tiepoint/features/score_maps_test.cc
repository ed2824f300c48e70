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

TEST(KeepStrongest, CutsToTheCount) {
  std::vector<Keypoint> keypoints(5);
  KeepStrongest(keypoints, 3);
  EXPECT_EQ(keypoints.size(), 3u);
  KeepStrongest(keypoints, 0);
  EXPECT_EQ(keypoints.size(), 3u);
}

}  // namespace
}  // namespace tiepoint
