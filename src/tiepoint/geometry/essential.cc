// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/essential.h"

#include <Eigen/Dense>
#include <cmath>

#include "tiepoint/geometry/eigen_arrays.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector2d;
using Eigen::Vector3d;

// Coordinates beyond this are not of any photograph, and their squares would
// leave the floats that OpenCV works with.
constexpr double kLargestCoordinate = 1e7;

// Depths of the point where the two rays of `pair` come closest:
// z2 ray2 ~ z1 R ray1 + t, least squares.
Vector2d Depths(const Matrix3d& rotation, const Vector3d& translation,
                const PointPair& pair) {
  Eigen::Matrix<double, 3, 2> rays;
  rays.col(0) = -(rotation * Ray1(pair));
  rays.col(1) = Ray2(pair);
  return rays.householderQr().solve(translation);
}

}  // namespace

bool Usable(const PinholeCamera& camera) {
  return camera.fx > 0 && camera.fy > 0 && std::isfinite(camera.fx) &&
         std::isfinite(camera.fy) && std::isfinite(camera.cx) &&
         std::isfinite(camera.cy);
}

bool Usable(const PointPair& pair) {
  for (const double v : {pair.x1, pair.y1, pair.x2, pair.y2}) {
    if (!(std::abs(v) <= kLargestCoordinate)) return false;
  }
  return true;
}

PointPair Normalized(const PointPair& pair, const PinholeCamera& camera1,
                     const PinholeCamera& camera2) {
  return {
      (pair.x1 - camera1.cx) / camera1.fx, (pair.y1 - camera1.cy) / camera1.fy,
      (pair.x2 - camera2.cx) / camera2.fx, (pair.y2 - camera2.cy) / camera2.fy};
}

Matrix3 EssentialFromPose(const RelativePose& cam2_from_cam1) {
  const Vector3d translation(cam2_from_cam1.translation.data());
  const Matrix3d essential =
      CrossMatrix(translation) * FromArray(cam2_from_cam1.rotation);
  return ToArray(essential.normalized());
}

Matrix3 FundamentalFromEssential(const Matrix3& essential,
                                 const PinholeCamera& camera1,
                                 const PinholeCamera& camera2) {
  return ToArray(Calibration(camera2).inverse().transpose() *
                 FromArray(essential) * Calibration(camera1).inverse());
}

RelativePose PoseFromEssential(const Matrix3& essential,
                               std::span<const PointPair> normalized,
                               std::span<const double> weights) {
  const Eigen::JacobiSVD<Matrix3d> svd(
      FromArray(essential), Eigen::ComputeFullU | Eigen::ComputeFullV);
  Matrix3d u = svd.matrixU();
  Matrix3d v = svd.matrixV();
  if (u.determinant() < 0) u = -u;
  if (v.determinant() < 0) v = -v;
  Matrix3d w;
  w << 0, -1, 0, 1, 0, 0, 0, 0, 1;
  RelativePose best;
  double most = -1;
  for (const Matrix3d& turn : {w, Matrix3d(w.transpose())}) {
    for (const double sign : {1.0, -1.0}) {
      const Matrix3d rotation = u * turn * v.transpose();
      const Vector3d translation = sign * u.col(2);
      double votes = 0;
      for (size_t i = 0; i < normalized.size(); ++i) {
        if (!weights.empty() && weights[i] == 0) continue;
        const Vector2d depths = Depths(rotation, translation, normalized[i]);
        if (depths(0) > 0 && depths(1) > 0) {
          votes += weights.empty() ? 1 : weights[i];
        }
      }
      if (votes > most) {
        most = votes;
        best = {ToArray(rotation),
                {translation.x(), translation.y(), translation.z()}};
      }
    }
  }
  return best;
}

std::vector<int> EpipolarInliers(const Matrix3& matrix,
                                 std::span<const PointPair> pairs,
                                 double max_error) {
  std::vector<int> inliers;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (Usable(pairs[i]) &&
        SquaredSampsonError(matrix, pairs[i]) <= max_error * max_error) {
      inliers.push_back(static_cast<int>(i));
    }
  }
  return inliers;
}

}  // namespace tiepoint
