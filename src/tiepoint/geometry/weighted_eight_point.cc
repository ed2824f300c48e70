// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/weighted_eight_point.h"

#include <Eigen/Eigenvalues>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/eigen_arrays.h"

namespace tiepoint {
namespace {

// x -> scale (x - centre), in each image.
struct Conditioning {
  double scale1 = 1, x1 = 0, y1 = 0;
  double scale2 = 1, x2 = 0, y2 = 0;

  PointPair Apply(const PointPair& p) const {
    return {scale1 * (p.x1 - x1), scale1 * (p.y1 - y1), scale2 * (p.x2 - x2),
            scale2 * (p.y2 - y2)};
  }
  // M with x2' M x1 = Apply(x2)' conditioned Apply(x1), of unit norm.
  Matrix3 Undo(const Matrix3& conditioned) const {
    Eigen::Matrix3d transform1, transform2;
    transform1 << scale1, 0, -scale1 * x1, 0, scale1, -scale1 * y1, 0, 0, 1;
    transform2 << scale2, 0, -scale2 * x2, 0, scale2, -scale2 * y2, 0, 0, 1;
    const Eigen::Matrix3d matrix =
        transform2.transpose() * FromArray(conditioned) * transform1;
    return ToArray(matrix.normalized());
  }
};

void CheckWeights(std::span<const PointPair> pairs,
                  std::span<const double> weights) {
  if (weights.size() != pairs.size()) {
    throw InputError("the eight-point algorithm needs one weight a match");
  }
  for (const double weight : weights) {
    if (weight >= 0 && std::isfinite(weight)) continue;
    throw InputError("weights of matches are finite and not negative");
  }
}

// Hartley's, or nothing when the points leave no scale.
std::optional<Conditioning> Condition(std::span<const PointPair> pairs,
                                      std::span<const double> weights) {
  // Calls visit(weight, pair) for the pairs that count.
  const auto each = [&](const auto& visit) {
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (weights[i] > 0) visit(weights[i], pairs[i]);
    }
  };
  Conditioning c;
  double total = 0;
  each([&](double w, const PointPair& p) {
    total += w;
    c.x1 += w * p.x1;
    c.y1 += w * p.y1;
    c.x2 += w * p.x2;
    c.y2 += w * p.y2;
  });
  for (double* const centre : {&c.x1, &c.y1, &c.x2, &c.y2}) *centre /= total;
  double squares1 = 0, squares2 = 0;
  each([&](double w, const PointPair& p) {
    const PointPair q = c.Apply(p);
    squares1 += w * (q.x1 * q.x1 + q.y1 * q.y1);
    squares2 += w * (q.x2 * q.x2 + q.y2 * q.y2);
  });
  c.scale1 = std::sqrt(2 * total / squares1);
  c.scale2 = std::sqrt(2 * total / squares2);
  for (const double scale : {c.scale1, c.scale2}) {
    if (!(scale > 0) || !std::isfinite(scale)) return std::nullopt;
  }
  return c;
}

std::optional<Matrix3> Solve(std::span<const PointPair> pairs,
                             std::span<const double> weights,
                             const Conditioning& conditioning) {
  using Row = Eigen::Matrix<double, 9, 1>;
  Eigen::Matrix<double, 9, 9> moments = Eigen::Matrix<double, 9, 9>::Zero();
  int count = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (weights[i] == 0) continue;
    const PointPair p = conditioning.Apply(pairs[i]);
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
  Matrix3 matrix;
  for (int k = 0; k < 9; ++k) matrix[k] = vector(k);
  return matrix;
}

}  // namespace

std::optional<Matrix3> WeightedEightPoint(std::span<const PointPair> normalized,
                                          std::span<const double> weights) {
  CheckWeights(normalized, weights);
  return Solve(normalized, weights, {});
}

std::optional<Matrix3> ConditionedEightPoint(std::span<const PointPair> pairs,
                                             std::span<const double> weights) {
  CheckWeights(pairs, weights);
  const auto conditioning = Condition(pairs, weights);
  if (!conditioning) return std::nullopt;
  const auto matrix = Solve(pairs, weights, *conditioning);
  if (!matrix) return std::nullopt;
  return conditioning->Undo(*matrix);
}

}  // namespace tiepoint
