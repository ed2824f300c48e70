// SPDX-License-Identifier: Apache-2.0
// For the layer's sources only.
#pragma once

#include <Eigen/Dense>
#include <span>

#include "tiepoint/geometry/eigen_arrays.h"

namespace tiepoint {

// The rotation that turns the rays of the first camera best into those of the
// second, in weighted least squares (Kabsch). One weight a pair; pairs of
// weight 0 do not count, whatever they are.
template <typename Weight>
Eigen::Matrix3d BestRotation(std::span<const PointPair> normalized,
                             std::span<const Weight> weights) {
  Eigen::Matrix3d sum = Eigen::Matrix3d::Zero();
  for (size_t i = 0; i < normalized.size(); ++i) {
    if (weights[i] == 0) continue;
    sum += static_cast<double>(weights[i]) * Ray2(normalized[i]).normalized() *
           Ray1(normalized[i]).normalized().transpose();
  }
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(
      sum, Eigen::ComputeFullU | Eigen::ComputeFullV);
  Eigen::Vector3d signs(1, 1, 1);
  signs(2) = (svd.matrixU() * svd.matrixV().transpose()).determinant();
  return svd.matrixU() * signs.asDiagonal() * svd.matrixV().transpose();
}

}  // namespace tiepoint
