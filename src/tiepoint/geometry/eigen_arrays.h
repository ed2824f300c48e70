// SPDX-License-Identifier: Apache-2.0
// The layer's arrays as Eigen's matrices; for its sources only.
#pragma once

#include <Eigen/Core>
#include <Eigen/LU>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

inline Eigen::Matrix3d FromArray(const Matrix3& m) {
  return Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(
      m.data());
}

inline Matrix3 ToArray(const Eigen::Matrix3d& m) {
  Matrix3 result;
  Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(result.data()) = m;
  return result;
}

// [t]x: the matrix of v -> t x v.
inline Eigen::Matrix3d CrossMatrix(const Eigen::Vector3d& t) {
  Eigen::Matrix3d m;
  m << 0, -t.z(), t.y(), t.z(), 0, -t.x(), -t.y(), t.x(), 0;
  return m;
}

inline Eigen::Matrix3d Calibration(const PinholeCamera& camera) {
  Eigen::Matrix3d k;
  k << camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1;
  return k;
}

inline Eigen::Vector3d Ray1(const PointPair& pair) {
  return {pair.x1, pair.y1, 1};
}
inline Eigen::Vector3d Ray2(const PointPair& pair) {
  return {pair.x2, pair.y2, 1};
}

}  // namespace tiepoint
