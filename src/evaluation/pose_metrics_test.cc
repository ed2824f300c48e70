// SPDX-License-Identifier: Apache-2.0
#include "evaluation/pose_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace tiepoint {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Matrix3 AboutZ(double degrees) {
  const double a = degrees * std::numbers::pi / 180;
  return {std::cos(a), -std::sin(a), 0, std::sin(a), std::cos(a), 0, 0, 0, 1};
}

std::array<double, 3> InPlane(double degrees) {
  const double a = degrees * std::numbers::pi / 180;
  return {std::cos(a), 0, std::sin(a)};
}

TEST(PoseMetricsTest, KnownErrors) {
  const RelativePose truth{AboutZ(10), InPlane(20)};
  const PoseError error = PoseErrorOf({AboutZ(13), InPlane(25)}, truth);
  EXPECT_NEAR(error.rotation, 3, 1e-12);
  EXPECT_NEAR(error.translation, 5, 1e-12);
  EXPECT_NEAR(error.Max(), 5, 1e-12);
}

TEST(PoseMetricsTest, TheSignOfTheTranslationIsIgnored) {
  const RelativePose truth{AboutZ(0), InPlane(0)};
  EXPECT_NEAR(PoseErrorOf({AboutZ(0), InPlane(180)}, truth).translation, 0,
              1e-12);
  EXPECT_NEAR(PoseErrorOf({AboutZ(0), InPlane(170)}, truth).translation, 10,
              1e-12);
  EXPECT_NEAR(PoseErrorOf({AboutZ(0), InPlane(90)}, truth).translation, 90,
              1e-12);
}

TEST(PoseMetricsTest, SmallAndLargeAnglesKeepTheirDigits) {
  // 2 acos(1 - 4e-19) would be 0, and acos(0.99999999999999994) 1e-8.
  const RelativePose truth{AboutZ(0), InPlane(0)};
  for (const double degrees : {1e-7, 1e-4, 1.0}) {
    const PoseError error =
        PoseErrorOf({AboutZ(degrees), InPlane(degrees)}, truth);
    EXPECT_NEAR(error.rotation, degrees, 1e-8 * degrees);
    EXPECT_NEAR(error.translation, degrees, 1e-8 * degrees);
  }
  EXPECT_NEAR(PoseErrorOf({AboutZ(180), InPlane(0)}, truth).rotation, 180,
              1e-6);
  EXPECT_NEAR(PoseErrorOf({AboutZ(179), InPlane(0)}, truth).rotation, 179,
              1e-9);
}

TEST(PoseMetricsTest, NoAnswerIsInfinitelyWrong) {
  EXPECT_EQ(PoseError{}.Max(), kInfinity);
}

TEST(PoseMetricsTest, EpipolarDistanceByHand) {
  // x2' F x1 = y2 - 2 y1: lines y2 = 2 y1 and y1 = y2 / 2. For y1 = 1, y2 = 6
  // the distances are 4 in the second image and 2 in the first.
  const Matrix3 f{0, 0, 0, 0, 0, 1, 0, -2, 0};
  EXPECT_NEAR(EpipolarDistance(f, {50, 1, 9, 6}), 3, 1e-12);
  EXPECT_NEAR(EpipolarDistance(f, {50, 3, 9, 6}), 0, 1e-12);
}

double Value(const std::string& key, const std::vector<double>& values) {
  for (const Column& column : PoseColumns()) {
    if (column.key == key) return column.summarize(values);
  }
  ADD_FAILURE() << "no column " << key;
  return 0;
}

TEST(PoseMetricsTest, ColumnsByHand) {
  const std::vector<double> errors = {2, 7.5, 12, kInfinity};
  // Of four: one within 5, two within 10, three within 15 and 20.
  EXPECT_NEAR(Value("map_5", errors), 1.0 / 4, 1e-12);
  EXPECT_NEAR(Value("map_10", errors), (1 + 2) / 8.0, 1e-12);
  EXPECT_NEAR(Value("map_20", errors), (1 + 2 + 3 + 3) / 16.0, 1e-12);
  // From 2 on one, at 8, 9 and 10 two.
  EXPECT_NEAR(Value("maa_10", errors), (6 * 1 + 3 * 2) / 40.0, 1e-12);
  // Steps of 1/4 at 2, 7.5 and 12.
  EXPECT_NEAR(Value("area_20", errors), (18 + 12.5 + 8) / 80, 1e-12);
  // (0, 0) - (2, 1/4) - level to 5.
  EXPECT_NEAR(Value("auc_5", errors), (2 / 8.0 + 3 / 4.0) / 5, 1e-12);
  EXPECT_NEAR(Value("rotation_median", errors), (7.5 + 12) / 2, 1e-12);
}

TEST(PoseMetricsTest, KeysAreDistinct) {
  const auto columns = PoseColumns();
  for (size_t i = 0; i < columns.size(); ++i) {
    EXPECT_FALSE(columns[i].meaning.empty());
    for (size_t j = 0; j < i; ++j) EXPECT_NE(columns[i].key, columns[j].key);
  }
}

}  // namespace
}  // namespace tiepoint
