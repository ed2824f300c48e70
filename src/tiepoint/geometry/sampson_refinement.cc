// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/sampson_refinement.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/magsac_score.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;
using Matrix5 = Eigen::Matrix<double, 5, 5>;

// Newton's steps converge along the valleys of a robust loss where reweighting
// creeps. Not below this share of the weight, for the matrix must stay
// positive.
constexpr double kSmallestCurvature = 0.1;

// Of t = error^2 / cutoff^2; the weight is the slope of the loss, the curvature
// its second derivative by the error, scaled alike: weight + 2 t d weight / dt.
struct Tukey {
  double Loss(double t) const {
    const double u = 1 - std::min(1.0, t);
    return 1 - u * u * u;
  }
  double Weight(double t) const {
    const double u = 1 - std::min(1.0, t);
    return u * u;
  }
  double Curvature(double t) const {
    const double u = 1 - std::min(1.0, t);
    return u * u - 4 * t * u;
  }
};

// The two directions in which a step moves the translation.
std::array<Vector3d, 2> Across(const Vector3d& translation) {
  const Vector3d side = translation.unitOrthogonal();
  return {side, translation.cross(side)};
}

}  // namespace

// E and its derivatives by the five steps, rows one after the other.
struct SampsonProblem::Derivatives {
  explicit Derivatives(const Pose& pose) {
    essential = ToArray(pose.Essential());
    const Matrix3d cross = CrossMatrix(pose.translation);
    for (int k = 0; k < 3; ++k) {
      by_step[k] =
          ToArray(cross * CrossMatrix(Vector3d::Unit(k)) * pose.rotation);
    }
    const auto across = Across(pose.translation);
    for (int k = 0; k < 2; ++k) {
      by_step[3 + k] = ToArray(CrossMatrix(across[k]) * pose.rotation);
    }
  }
  Matrix3 essential;
  std::array<Matrix3, 5> by_step;
};

struct SampsonProblem::Linearized {
  double cost = 0;
  Matrix5 normal = Matrix5::Zero();  // lower half
  PoseStep gradient = PoseStep::Zero();
};

namespace {

// x2' E x1 and what E x1 and E' x2 add to its slopes.
struct Epipolar {
  double product, a, b, c, d;  // d product / d(x2, y2, x1, y1)
};

inline Epipolar EpipolarOf(const double* e, const PointPair& p) {
  Epipolar result;
  result.a = e[0] * p.x1 + e[1] * p.y1 + e[2];
  result.b = e[3] * p.x1 + e[4] * p.y1 + e[5];
  result.c = e[0] * p.x2 + e[3] * p.y2 + e[6];
  result.d = e[1] * p.x2 + e[4] * p.y2 + e[7];
  result.product =
      p.x2 * result.a + p.y2 * result.b + e[6] * p.x1 + e[7] * p.y1 + e[8];
  return result;
}

}  // namespace

Pose Moved(const Pose& pose, const PoseStep& step) {
  const Vector3d turn = step.head<3>();
  const double angle = turn.norm();
  Pose result = pose;
  if (angle > 0) {
    result.rotation =
        Eigen::AngleAxisd(angle, turn / angle).toRotationMatrix() *
        pose.rotation;
  }
  const auto across = Across(pose.translation);
  result.translation =
      (pose.translation + step(3) * across[0] + step(4) * across[1])
          .normalized();
  return result;
}

SampsonProblem::SampsonProblem(const PinholeCamera& camera1,
                               const PinholeCamera& camera2)
    : by_x1_(1 / (camera1.fx * camera1.fx)),
      by_y1_(1 / (camera1.fy * camera1.fy)),
      by_x2_(1 / (camera2.fx * camera2.fx)),
      by_y2_(1 / (camera2.fy * camera2.fy)) {}

SampsonProblem::SampsonProblem(std::span<const PointPair> pairs,
                               std::span<const double> weights,
                               const PinholeCamera& camera1,
                               const PinholeCamera& camera2)
    : SampsonProblem(camera1, camera2) {
  for (size_t i = 0; i < pairs.size(); ++i) {
    Add(Normalized(pairs[i], camera1, camera2),
        weights.empty() ? 1 : weights[i]);
  }
}

void SampsonProblem::Add(const PointPair& normalized, double weight) {
  normalized_.push_back(normalized);
  weights_.push_back(weight);
}

double SampsonProblem::SquaredError(const Matrix3d& essential, size_t i) const {
  const Matrix3 e = ToArray(essential);
  const Epipolar at = EpipolarOf(e.data(), normalized_[i]);
  return at.product * at.product /
         (by_x2_ * at.a * at.a + by_y2_ * at.b * at.b + by_x1_ * at.c * at.c +
          by_y1_ * at.d * at.d);
}

// error = p / sqrt(n) with p = x2' E x1 and n its squared slope by pixels;
// d error = dp / sqrt(n) - p dn / (2 n sqrt(n)).
SampsonError SampsonProblem::Error(const Pose& pose, size_t i) const {
  const Derivatives derivatives(pose);
  const PointPair& pair = normalized_[i];
  const Epipolar at = EpipolarOf(derivatives.essential.data(), pair);
  const double n = by_x2_ * at.a * at.a + by_y2_ * at.b * at.b +
                   by_x1_ * at.c * at.c + by_y1_ * at.d * at.d;
  SampsonError error;
  if (!(n > 0)) return error;
  error.value = at.product / std::sqrt(n);
  for (int k = 0; k < 5; ++k) {
    const Epipolar by = EpipolarOf(derivatives.by_step[k].data(), pair);
    const double half_dn = by_x2_ * at.a * by.a + by_y2_ * at.b * by.b +
                           by_x1_ * at.c * by.c + by_y1_ * at.d * by.d;
    error.gradient(k) = (by.product - at.product * half_dn / n) / std::sqrt(n);
  }
  return error;
}

template <typename Loss>
SampsonProblem::Linearized SampsonProblem::Linearize(const Pose& pose,
                                                     double cutoff,
                                                     const Loss& loss) const {
  const Derivatives derivatives(pose);
  // By entry of E, transposed so that the five steps are neighbours; six, for
  // vectors of two.
  constexpr int kPadded = 6;
  double by_entry[9][kPadded] = {};
  for (int j = 0; j < 9; ++j) {
    for (int k = 0; k < 5; ++k) by_entry[j][k] = derivatives.by_step[k][j];
  }
  const double* e = derivatives.essential.data();
  const double by_cutoff = 1 / (cutoff * cutoff);
  double normal[5][5] = {};
  double sums[5] = {};
  Linearized result;
  for (size_t i = 0; i < normalized_.size(); ++i) {
    const PointPair& p = normalized_[i];
    const Epipolar at = EpipolarOf(e, p);
    const double a = by_x2_ * at.a, b = by_y2_ * at.b;
    const double c = by_x1_ * at.c, d = by_y1_ * at.d;
    const double n = a * at.a + b * at.b + c * at.c + d * at.d;
    const double by_n = 1 / n;
    const double t = at.product * at.product * by_n * by_cutoff;
    // Also pairs at both epipoles, where t is not a number.
    if (!(t < 1)) {
      result.cost += weights_[i];
      continue;
    }
    result.cost += weights_[i] * loss.Loss(t);
    // d error / d E sqrt(n): x2_r x1_c less product / n times the half slope of
    // n, for each entry.
    const double f = at.product * by_n;
    const double by_e[9] = {p.x2 * p.x1 - f * (a * p.x1 + c * p.x2),
                            p.x2 * p.y1 - f * (a * p.y1 + d * p.x2),
                            p.x2 - f * a,
                            p.y2 * p.x1 - f * (b * p.x1 + c * p.y2),
                            p.y2 * p.y1 - f * (b * p.y1 + d * p.y2),
                            p.y2 - f * b,
                            p.x1 - f * c,
                            p.y1 - f * d,
                            1};
    double slope[kPadded] = {};
    for (int j = 0; j < 9; ++j) {
      for (int k = 0; k < kPadded; ++k) slope[k] += by_e[j] * by_entry[j][k];
    }
    const double weight = weights_[i] * loss.Weight(t) * by_n;
    const double curvature = std::max(kSmallestCurvature * weight,
                                      weights_[i] * loss.Curvature(t) * by_n);
    for (int r = 0; r < 5; ++r) {
      const double s = curvature * slope[r];
      sums[r] += weight * slope[r] * at.product;
      for (int k = 0; k <= r; ++k) normal[r][k] += s * slope[k];
    }
  }
  for (int r = 0; r < 5; ++r) {
    result.gradient(r) = sums[r];
    for (int k = 0; k <= r; ++k) result.normal(r, k) = normal[r][k];
  }
  return result;
}

template <typename Loss>
Pose SampsonProblem::Refined(const Pose& start,
                             const RefinementOptions& options,
                             const Loss& loss) const {
  Pose pose = start;
  Linearized current = Linearize(pose, options.cutoff, loss);
  double damping = 1e-4;
  for (int iteration = 0; iteration < options.max_iterations; ++iteration) {
    bool improved = false;
    for (int attempt = 0; attempt < 6 && !improved; ++attempt) {
      Matrix5 damped = current.normal.selfadjointView<Eigen::Lower>();
      damped.diagonal() *= 1 + damping;
      const PoseStep step = damped.ldlt().solve(-current.gradient);
      if (!step.allFinite()) return pose;
      const Pose moved = Moved(pose, step);
      const Linearized next = Linearize(moved, options.cutoff, loss);
      if (next.cost < current.cost) {
        improved = current.cost - next.cost > 1e-9 * current.cost;
        pose = moved;
        current = next;
        damping = std::max(1e-9, damping / 10);
        if (!improved) return pose;
      } else {
        damping *= 10;
      }
    }
    if (!improved) break;
  }
  return pose;
}

Pose SampsonProblem::Refined(const Pose& start,
                             const RefinementOptions& options) const {
  return options.loss == RobustLoss::kTukey
             ? Refined(start, options, Tukey())
             : Refined(start, options, MagsacTable::Get());
}

}  // namespace tiepoint
