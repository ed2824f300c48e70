// SPDX-License-Identifier: Apache-2.0
#include "training/view_pair.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tiepoint/image/pyramid.h"
#include "training/training_points.h"

namespace tiepoint {
namespace {

// A smooth picture with structure everywhere.
GrayImage Waves(int width, int height) {
  GrayImage image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.At(x, y) = float(128 + 60 * std::sin(x / 9.0) * std::cos(y / 7.0) +
                             50 * std::sin((x + 2 * y) / 23.0));
    }
  }
  return image;
}

TEST(ViewPair, TheHomographyLeadsToTheSameIntensity) {
  Random random(3);
  ViewOptions options;
  options.appearance = 0;
  int compared = 0;
  for (int trial = 0; trial < 4; ++trial) {
    const ViewPair views =
        MakeViewPair(Waves(900, 700), Waves(900, 700), options, random);
    const ImagePyramid pyramid(views.second);
    for (int y = 40; y < views.first.height - 40; y += 9) {
      for (int x = 40; x < views.first.width - 40; x += 9) {
        Keypoint k;
        k.x = float(x);
        k.y = float(y);
        const auto m = MapKeypoint(views.second_from_first, k);
        if (!m || m->scale < 0.7 || m->scale > 1.4 || m->x < 2 || m->y < 2 ||
            m->x > views.second.width - 3 || m->y > views.second.height - 3) {
          continue;
        }
        EXPECT_NEAR(PyramidSampler(pyramid, 1)(m->x, m->y),
                    views.first.At(x, y), 12);
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 200);
}

TEST(ViewPair, MapKeypointUnderASimilarityIsExact) {
  const double a = 0.7, s = 1.8;
  const Homography h = {s * std::cos(a),
                        -s * std::sin(a),
                        5,
                        s * std::sin(a),
                        s * std::cos(a),
                        -3,
                        0,
                        0,
                        1};
  Keypoint k;
  k.x = 10;
  k.y = 20;
  k.scale = 2;
  k.angle = 0.4f;
  const auto m = MapKeypoint(h, k);
  ASSERT_TRUE(m);
  EXPECT_NEAR(m->x, s * (std::cos(a) * 10 - std::sin(a) * 20) + 5, 1e-4);
  EXPECT_NEAR(m->scale, 2 * s, 1e-4);
  EXPECT_NEAR(m->angle, 1.1, 1e-5);
  const auto back = MapKeypoint(Inverse(h), *m);
  ASSERT_TRUE(back);
  EXPECT_NEAR(back->x, 10, 1e-3);
  EXPECT_NEAR(back->scale, 2, 1e-4);
}

TEST(TrainingPoints, HessianPointsOfABlobHaveItsPlaceAndSigma) {
  for (const double sigma : {2.0, 3.3, 5.0}) {
    GrayImage image(160, 140);
    for (int y = 0; y < 140; ++y) {
      for (int x = 0; x < 160; ++x) {
        const double d = std::pow(x - 80.3, 2) + std::pow(y - 60.6, 2);
        image.At(x, y) = float(50 + 150 * std::exp(-d / (2 * sigma * sigma)));
      }
    }
    const auto points = FindHessianPoints(
        MakeScaleLevels(ImagePyramid(image), {1, 16, 5}), 1, SparseMaxima());
    ASSERT_EQ(points.size(), 1u);
    EXPECT_NEAR(points[0].x, 80.3, 0.05);
    EXPECT_NEAR(points[0].y, 60.6, 0.05);
    EXPECT_NEAR(points[0].scale / sigma, 1, 0.1);
  }
}

}  // namespace
}  // namespace tiepoint
