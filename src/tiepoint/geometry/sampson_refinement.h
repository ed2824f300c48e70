// SPDX-License-Identifier: Apache-2.0
// Least squares of Sampson errors over the five degrees of freedom of a
// relative pose. For the layer's sources only.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "tiepoint/geometry/eigen_arrays.h"
#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// X2 = R X1 + t, |t| = 1.
struct Pose {
  Eigen::Matrix3d rotation;
  Eigen::Vector3d translation;
  Eigen::Matrix3d Essential() const {
    return CrossMatrix(translation) * rotation;
  }
};

using PoseStep = Eigen::Matrix<double, 5, 1>;

// `pose` moved by a small rotation, exp([step(0..2)]x) R, and by a small turn
// of the translation across itself (2).
Pose Moved(const Pose& pose, const PoseStep& step);

// The Sampson error in pixels, with sign, and its derivatives by a step of
// Moved().
struct SampsonError {
  double value = 0;
  PoseStep gradient = PoseStep::Zero();
};

enum class RobustLoss {
  kTukey,   // biweight
  kMagsac,  // magsac_score.h
};

struct RefinementOptions {
  RobustLoss loss = RobustLoss::kTukey;
  double cutoff = 1.5;  // pixels: pairs with a larger error do not count
  int max_iterations = 20;
};

// Pairs whose errors count in pixels, kept as rays.
class SampsonProblem {
 public:
  SampsonProblem(const PinholeCamera& camera1, const PinholeCamera& camera2);
  // `pairs` in pixels. No weights: all 1.
  SampsonProblem(std::span<const PointPair> pairs,
                 std::span<const double> weights, const PinholeCamera& camera1,
                 const PinholeCamera& camera2);

  void Add(const PointPair& normalized, double weight);

  // Of pair i; (x2' E x1)^2 / (|E x1|^2 + |E' x2|^2) in pixels. The scale and
  // sign of E do not matter. Not a number at both epipoles.
  double SquaredError(const Eigen::Matrix3d& essential, size_t i) const;
  SampsonError Error(const Pose& pose, size_t i) const;

  // Levenberg-Marquardt with weights of the loss (iteratively reweighted):
  // a pose near `start` with at most its sum of losses.
  Pose Refined(const Pose& start, const RefinementOptions& options) const;

  const std::vector<PointPair>& normalized() const { return normalized_; }
  const std::vector<double>& weights() const { return weights_; }

 private:
  struct Linearized;
  struct Derivatives;
  template <typename Loss>
  Linearized Linearize(const Pose& pose, double cutoff, const Loss& loss) const;
  template <typename Loss>
  Pose Refined(const Pose& start, const RefinementOptions& options,
               const Loss& loss) const;

  std::vector<PointPair> normalized_;
  std::vector<double> weights_;
  // 1 / f^2 of each coordinate: squared slopes by pixels from those by rays.
  double by_x1_, by_y1_, by_x2_, by_y2_;
};

}  // namespace tiepoint
