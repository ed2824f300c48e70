// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/plane_twin.h"

#include <Eigen/Dense>
#include <algorithm>
#include <opencv2/calib3d.hpp>

#include "tiepoint/geometry/eigen_arrays.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/usac.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;

Matrix3d Rows(const cv::Mat& matrix) {
  Matrix3d m;
  for (int i = 0; i < 9; ++i) m(i / 3, i % 3) = matrix.at<double>(i / 3, i % 3);
  return m;
}

Vector3d Column(const cv::Mat& matrix) {
  return {matrix.at<double>(0), matrix.at<double>(1), matrix.at<double>(2)};
}

// `normal` of the plane in the first camera; its sign is that for which the
// first camera has the points in front.
double Frontality(std::span<const PointPair> normalized,
                  const Matrix3d& rotation, const Vector3d& normal) {
  const Vector3d second = rotation * normal;
  double sum1 = 0, sum2 = 0;
  for (const PointPair& pair : normalized) {
    sum1 += normal.dot(Vector3d(pair.x1, pair.y1, 1).normalized());
    sum2 += second.dot(Vector3d(pair.x2, pair.y2, 1).normalized());
  }
  return (sum1 > 0 ? std::min(sum1, sum2) : std::min(-sum1, -sum2)) /
         static_cast<double>(normalized.size());
}

}  // namespace

std::optional<Matrix3> DominantPlane(std::span<const PointPair> pairs,
                                     double max_error, uint64_t seed) {
  constexpr size_t kFewest = 8;
  if (pairs.size() < kFewest) return std::nullopt;
  TwoViewOptions options;
  options.model = TwoViewModel::kHomography;
  options.max_error = max_error;
  options.confidence = 0.99;
  options.max_iterations = 1000;
  options.seed = seed;
  const auto found = UsacMagsac(pairs, {}, {}, options);
  if (!found) return std::nullopt;
  const auto explained =
      std::count_if(pairs.begin(), pairs.end(), [&](const PointPair& pair) {
        return TransferError(*found, pair) <= max_error;
      });
  if (2 * static_cast<size_t>(explained) < pairs.size()) return std::nullopt;
  return found;
}

std::vector<PlanePose> PosesOfPlane(std::span<const PointPair> pairs,
                                    const PinholeCamera& camera1,
                                    const PinholeCamera& camera2,
                                    double max_error, uint64_t seed) {
  const auto found = DominantPlane(pairs, max_error, seed);
  if (!found) return {};
  std::vector<PointPair> on_plane;
  for (const PointPair& pair : pairs) {
    if (TransferError(*found, pair) > max_error) continue;
    on_plane.push_back(Normalized(pair, camera1, camera2));
  }
  const Matrix3d normalized =
      Calibration(camera2).inverse() * FromArray(*found) * Calibration(camera1);
  const Matrix3 rows = ToArray(normalized);
  const cv::Mat homography(3, 3, CV_64F, const_cast<double*>(rows.data()));
  std::vector<cv::Mat> rotations, translations, normals;
  cv::decomposeHomographyMat(homography, cv::Matx33d::eye(), rotations,
                             translations, normals);
  std::vector<PlanePose> poses;
  for (size_t k = 0; k < rotations.size(); ++k) {
    const Matrix3d r = Rows(rotations[k]);
    const Matrix3d e = CrossMatrix(Column(translations[k])) * r;
    // t and -t with the same rotation have one E; no motion has none.
    if (!e.allFinite() || e.norm() < 1e-9) continue;
    const Matrix3d unit = e.normalized();
    const bool known =
        std::any_of(poses.begin(), poses.end(), [&](const PlanePose& other) {
          const Matrix3d o = FromArray(other.essential);
          return std::min((o - unit).norm(), (o + unit).norm()) < 1e-6;
        });
    if (known) continue;
    poses.push_back(
        {ToArray(unit), Frontality(on_plane, r, Column(normals[k]))});
  }
  return poses;
}

}  // namespace tiepoint
