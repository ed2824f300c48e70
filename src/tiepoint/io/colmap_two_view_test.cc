// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_two_view.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tiepoint/io/small_matrix.h"

namespace tiepoint {
namespace {

using Point = std::array<double, 3>;

Point Times(const SmallMatrix& m, const Point& p) {
  Point product{};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) product[r] += m[3 * r + c] * p[c];
  }
  return product;
}

double Dot(const Point& a, const Point& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

ColmapTwoView SomeGeometry() {
  const double c = std::cos(0.3), s = std::sin(0.3);
  ColmapTwoView geometry;
  geometry.configuration = ColmapConfiguration::kPlanar;
  geometry.inliers = {{0, 9}, {1, 4}, {7, 2}};
  geometry.fundamental = {1, 2, 3, 4, 5, 6, 7, 8, 10};
  geometry.essential = {0, 1, 0, 2, 0, 3, 0, 4, 1};
  geometry.homography = {1.1, 0.2, 5, -0.1, 0.9, 7, 0.001, 0.002, 1};
  geometry.pose = {{c, -s, 0, s, c, 0, 0, 0, 1}, {0.6, 0, 0.8}};
  return geometry;
}

TEST(ColmapTwoViewTest, TurnedSaysTheSameOfTheOtherPhotograph) {
  const ColmapTwoView there = SomeGeometry(), back = Turned(there);
  EXPECT_EQ(back.configuration, there.configuration);
  EXPECT_EQ(back.inliers,
            (std::vector<std::pair<int, int>>{{2, 7}, {4, 1}, {9, 0}}));
  const Point x{3, -2, 1}, y{-5, 4, 1};
  EXPECT_NEAR(Dot(y, Times(*there.fundamental, x)),
              Dot(x, Times(*back.fundamental, y)), 1e-9);
  EXPECT_NEAR(Dot(y, Times(*there.essential, x)),
              Dot(x, Times(*back.essential, y)), 1e-9);
  const Point plane = Times(*back.homography, Times(*there.homography, x));
  Point moved = Times(there.pose->rotation, x);
  for (int k = 0; k < 3; ++k) moved[k] += there.pose->translation[k];
  const Point again = Times(back.pose->rotation, moved);
  for (int k = 0; k < 3; ++k) {
    EXPECT_NEAR(plane[k], x[k], 1e-9);
    EXPECT_NEAR(again[k] + back.pose->translation[k], x[k], 1e-9);
  }
}

TEST(ColmapTwoViewTest, TurnedInventsNothing) {
  const ColmapTwoView nothing = Turned({});
  EXPECT_EQ(nothing, ColmapTwoView{});
}

}  // namespace
}  // namespace tiepoint
