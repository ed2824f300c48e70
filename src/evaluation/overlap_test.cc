// SPDX-License-Identifier: Apache-2.0
#include "evaluation/overlap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

// Overlap error of two circles from the area of the lens between them.
double ErrorOfCircles(double r, double s, double d) {
  const double pi = std::numbers::pi;
  double lens = 0;
  if (d <= std::abs(r - s)) {
    lens = pi * std::min(r, s) * std::min(r, s);
  } else if (d < r + s) {
    lens =
        r * r * std::acos((d * d + r * r - s * s) / (2 * d * r)) +
        s * s * std::acos((d * d + s * s - r * r) / (2 * d * s)) -
        std::sqrt((-d + r + s) * (d + r - s) * (d - r + s) * (d + r + s)) / 2;
  }
  return 1 - lens / (pi * (r * r + s * s) - lens);
}

Matrix3 RandomAffine(Random& random) {
  while (true) {
    const Matrix3 m{random.Uniform(-2, 2),
                    random.Uniform(-2, 2),
                    random.Uniform(-50, 50),
                    random.Uniform(-2, 2),
                    random.Uniform(-2, 2),
                    random.Uniform(-50, 50),
                    0,
                    0,
                    1};
    if (std::abs(m[0] * m[4] - m[1] * m[3]) > 0.1) return m;
  }
}

TEST(OverlapTest, CirclesAgreeWithTheClosedForm) {
  for (const double s : {1.0, 7.0, 9.9, 10.0, 14.0, 40.0}) {
    for (double d = 0; d < 60; d += 0.7) {
      SCOPED_TRACE(testing::Message() << "radius " << s << " distance " << d);
      EXPECT_NEAR(
          OverlapError(Circle(3, 4, 10), Circle(3 + d * 0.6, 4 - d * 0.8, s)),
          ErrorOfCircles(10, s, d), 5e-4);
    }
  }
}

// One affine map moves both regions: the shares of their areas stay.
TEST(OverlapTest, EllipsesAgreeWithTheClosedFormUnderAnAffineMap) {
  Random random(1);
  for (int k = 0; k < 2000; ++k) {
    const double s = random.Uniform(2, 30), d = random.Uniform(0, 40);
    const double turn = random.Uniform(0, 2 * std::numbers::pi);
    const Matrix3 map = RandomAffine(random);
    const Ellipse first = Projected(Circle(5, -3, 10), map);
    const Ellipse second = Projected(
        Circle(5 + d * std::cos(turn), -3 + d * std::sin(turn), s), map);
    const double truth = ErrorOfCircles(10, s, d);
    EXPECT_NEAR(OverlapError(first, second), truth, 5e-4);
    EXPECT_NEAR(OverlapError(second, first), truth, 5e-4);
  }
}

TEST(OverlapTest, CrossedEllipses) {
  // Half axes k and 1 / k, crossed: the intersection is 4 atan(1 / k^2).
  const double k = 2;
  const Ellipse wide{0, 0, 1 / (k * k), 0, k * k};
  const Ellipse tall{0, 0, k * k, 0, 1 / (k * k)};
  const double shared = 4 * std::atan(1 / (k * k));
  EXPECT_NEAR(OverlapError(wide, tall),
              1 - shared / (2 * std::numbers::pi - shared), 5e-4);
  EXPECT_NEAR(OverlapError(wide, wide), 0, 1e-9);
}

TEST(OverlapTest, SizesOfAnEllipse) {
  // Half axes 5 and 2, turned by 30 degrees.
  const double c = std::cos(std::numbers::pi / 6), s = 0.5;
  const Ellipse e =
      Projected(Circle(0, 0, 1), {5 * c, -2 * s, 7, 5 * s, 2 * c, 8, 0, 0, 1});
  EXPECT_NEAR(e.Radius(), std::sqrt(10), 1e-12);
  EXPECT_NEAR(e.HalfWidth(), std::hypot(5 * c, 2 * s), 1e-12);
  EXPECT_NEAR(e.HalfHeight(), std::hypot(5 * s, 2 * c), 1e-12);
  EXPECT_NEAR(e.Enlarged(3).Radius(), 3 * e.Radius(), 1e-12);
}

// A small circle, point by point through the homography.
TEST(OverlapTest, ProjectionIsTheLocalAffineMap) {
  const Matrix3 h{0.9, 0.2, 5, -0.1, 1.1, 8, 1e-3, -5e-4, 1};
  const double r = 1e-4;
  const Ellipse e = Projected(Circle(120, 80, r), h);
  for (double t = 0; t < 6.28; t += 0.3) {
    const double u = 120 + r * std::cos(t), v = 80 + r * std::sin(t);
    const double w = h[6] * u + h[7] * v + h[8];
    const double x = (h[0] * u + h[1] * v + h[2]) / w - e.x;
    const double y = (h[3] * u + h[4] * v + h[5]) / w - e.y;
    EXPECT_NEAR(e.a * x * x + 2 * e.b * x * y + e.c * y * y, 1, 1e-5);
  }
}

TEST(OverlapTest, RegionsAreEnlargedByOneFactor) {
  // Radius 3 becomes 30 (factor 10) and 4 becomes 40; the centres stay 6 apart.
  const std::vector<Ellipse> first{Circle(0, 0, 3)};
  const std::vector<Ellipse> second{Circle(6, 0, 4), Circle(12, 0, 3)};
  auto pairs = OverlappingRegions(first, second, RegionSize::kRadius30, 1);
  ASSERT_EQ(pairs.size(), 1u);  // 12 px are not below 4 radii
  EXPECT_NEAR(pairs[0].error, ErrorOfCircles(30, 40, 6), 5e-4);
  pairs = OverlappingRegions(first, second, RegionSize::kFactor3, 1);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_NEAR(pairs[0].error, ErrorOfCircles(9, 12, 6), 5e-4);
  EXPECT_TRUE(
      OverlappingRegions(first, second, RegionSize::kFactor3, 0.3).empty());
}

TEST(OverlapTest, OneToOneIsGreedyByError) {
  // 1-1 is best and takes both; 0-0 is left, 2-0 and 0-1 come too late.
  const std::vector<RegionPair> pairs{
      {0, 0, 0.4}, {0, 1, 0.2}, {1, 1, 0.1}, {2, 0, 0.4}};
  EXPECT_EQ(OneToOne(pairs),
            (std::vector<RegionPair>{{1, 1, 0.1}, {0, 0, 0.4}}));
}

}  // namespace
}  // namespace tiepoint
