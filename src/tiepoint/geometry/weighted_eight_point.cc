// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/weighted_eight_point.h"

#include <Eigen/Eigenvalues>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/eigen_arrays.h"

namespace tiepoint {

std::optional<Matrix3> WeightedEightPoint(std::span<const PointPair> normalized,
                                          std::span<const double> weights) {
  if (weights.size() != normalized.size()) {
    throw InputError("the eight-point algorithm needs one weight a match");
  }
  using Row = Eigen::Matrix<double, 9, 1>;
  Eigen::Matrix<double, 9, 9> moments = Eigen::Matrix<double, 9, 9>::Zero();
  int count = 0;
  for (size_t i = 0; i < normalized.size(); ++i) {
    if (!(weights[i] >= 0) || !std::isfinite(weights[i])) {
      throw InputError("weights of matches are finite and not negative");
    }
    if (weights[i] == 0) continue;
    const PointPair& p = normalized[i];
    const Row row{p.x2 * p.x1, p.x2 * p.y1, p.x2,
                  p.y2 * p.x1, p.y2 * p.y1, p.y2,
                  p.x1,        p.y1,        1};
    moments += weights[i] * row * row.transpose();
    ++count;
  }
  if (count < 8 || !moments.allFinite()) return std::nullopt;
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix<double, 9, 9>> solver(
      moments);
  const Row& values = solver.eigenvalues();
  constexpr double kSmallestGap = 1e-13;
  if (!(values(1) > kSmallestGap * values(8))) return std::nullopt;
  const Row vector = solver.eigenvectors().col(0).normalized();
  Matrix3 essential;
  for (int k = 0; k < 9; ++k) essential[k] = vector(k);
  return essential;
}

}  // namespace tiepoint
