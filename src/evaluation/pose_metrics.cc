// SPDX-License-Identifier: Apache-2.0
#include "evaluation/pose_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "evaluation/statistics.h"

namespace tiepoint {
namespace {

constexpr double kDegrees = 180 / std::numbers::pi;

using Vector = std::array<double, 3>;

double Dot(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

double CrossNorm(const Vector& a, const Vector& b) {
  return std::hypot(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                    a[0] * b[1] - a[1] * b[0]);
}

// a b^T
Matrix3 TimesTransposed(const Matrix3& a, const Matrix3& b) {
  Matrix3 product{};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      for (int k = 0; k < 3; ++k) {
        product[3 * r + c] += a[3 * r + k] * b[3 * c + k];
      }
    }
  }
  return product;
}

Column ErrorColumn(std::string key, std::string title, std::string meaning,
                   std::function<double(std::span<const double>)> summarize) {
  return {std::move(key), std::move(title), std::move(meaning), "error",
          std::move(summarize)};
}

Column MeanColumn(const std::string& key, std::string title,
                  std::string meaning, int decimals) {
  return {key, std::move(title), std::move(meaning), key, Mean, decimals};
}

Column MedianColumn(std::string key, std::string title, std::string meaning,
                    std::string series) {
  return {std::move(key),
          std::move(title),
          std::move(meaning),
          std::move(series),
          Median,
          2,
          true};
}

void AddErrorColumns(std::vector<Column>& columns) {
  for (const int limit : {5, 10, 20}) {
    const std::string degrees = std::to_string(limit);
    columns.push_back(ErrorColumn(
        "auc_" + degrees, "AUC@" + degrees,
        "area under the cumulative curve of the pose error (the larger of "
        "rotation and translation error, sign of t ignored) from 0 to " +
            degrees + " degrees, exact (SuperGlue)",
        [limit](std::span<const double> e) { return ErrorAuc(e, limit); }));
    columns.back().headline = true;
  }
  for (const int limit : {5, 10, 20}) {
    const std::string degrees = std::to_string(limit);
    columns.push_back(ErrorColumn(
        "map_" + degrees, "mAP" + degrees,
        "mean of the shares of pairs with a pose error of at most 5, 10, ... " +
            degrees + " degrees (Learning to Find Good Correspondences)",
        [limit](std::span<const double> e) {
          return MeanAccuracy(e, 5, limit);
        }));
  }
  columns.push_back(ErrorColumn(
      "maa_10", "mAA(10)",
      "mean of the shares of pairs with a pose error of at most 1, 2, ... 10 "
      "degrees (Image Matching Challenge)",
      [](std::span<const double> e) { return MeanAccuracy(e, 1, 10); }));
  columns.push_back(ErrorColumn(
      "area_20", "area 20",
      "area under the accuracy, a step function of the largest pose error, "
      "from 0 to 20 degrees",
      [](std::span<const double> e) { return StepAuc(e, 20); }));
}

}  // namespace

double PoseError::Max() const { return std::max(rotation, translation); }

PoseError PoseErrorOf(const RelativePose& estimate, const RelativePose& truth) {
  const RelativePose difference{
      TimesTransposed(estimate.rotation, truth.rotation), {}};
  return {difference.RotationAngle() * kDegrees,
          std::atan2(CrossNorm(estimate.translation, truth.translation),
                     std::abs(Dot(estimate.translation, truth.translation))) *
              kDegrees};
}

double EpipolarDistance(const Matrix3& f, const PointPair& p) {
  // Lines F x1 in the second image and F' x2 in the first.
  const double a2 = f[0] * p.x1 + f[1] * p.y1 + f[2];
  const double b2 = f[3] * p.x1 + f[4] * p.y1 + f[5];
  const double c2 = f[6] * p.x1 + f[7] * p.y1 + f[8];
  const double a1 = f[0] * p.x2 + f[3] * p.y2 + f[6];
  const double b1 = f[1] * p.x2 + f[4] * p.y2 + f[7];
  const double product = std::abs(a2 * p.x2 + b2 * p.y2 + c2);
  return product * (1 / std::hypot(a1, b1) + 1 / std::hypot(a2, b2)) / 2;
}

std::vector<Column> PoseColumns() {
  std::vector<Column> columns;
  AddErrorColumns(columns);
  columns.push_back(MedianColumn("error_median", "median",
                                 "median pose error, degrees", "error"));
  columns.push_back(MedianColumn("rotation_median", "R median",
                                 "median rotation error, degrees",
                                 "rotation_error"));
  columns.push_back(MedianColumn(
      "translation_median", "t median",
      "median error of the direction of translation, sign ignored, degrees",
      "translation_error"));
  columns.push_back(MeanColumn("answered", "answered",
                               "share of pairs with a pose at all", 3));
  columns.push_back(MeanColumn("matches", "matches",
                               "matches that the estimator is given, mean", 0));
  columns.push_back(MeanColumn("correct", "correct 3 px",
                               "of them, those within 3 working pixels of the "
                               "true epipolar lines (mean of both images)",
                               0));
  columns.push_back(MeanColumn("precision", "precision",
                               "correct / matches, 0 without matches", 3));
  columns.push_back(MeanColumn("recall", "recall",
                               "correct / those that the filter was given", 3));
  columns.push_back(MeanColumn("score", "score",
                               "correct / smaller number of keypoints of the "
                               "two photographs",
                               3));
  columns.push_back(MeanColumn("inliers", "inliers",
                               "matches that the answer agrees with, mean", 0));
  columns.push_back(MeanColumn(
      "confidence", "confidence",
      "mean probability, as told without the truth, that the pose is right "
      "within 5 degrees",
      3));
  Column brier = MeanColumn(
      "brier", "Brier",
      "mean squared difference of that confidence and what is so (1 or 0)", 3);
  brier.smaller_is_better = true;
  columns.push_back(std::move(brier));
  Column milliseconds =
      MeanColumn("milliseconds", "ms", "wall time of the estimator, mean", 1);
  milliseconds.smaller_is_better = true;
  columns.push_back(std::move(milliseconds));
  return columns;
}

}  // namespace tiepoint
