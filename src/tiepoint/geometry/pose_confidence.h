// SPDX-License-Identifier: Apache-2.0
// How sure a relative pose is: the probability that it lies within five degrees
// of the true one (rotation and direction of translation), by logistic
// regression (Platt, 1999) on what can be seen without the truth.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// The error, degrees, that a confidence speaks of.
inline constexpr double kConfidentWithin = 5;

struct PoseEvidence {
  double inliers = 0;  // distinct pairs within max_error of the epipolar lines
  double share = 0;    // of the distinct pairs that have weight
  // Standard deviation of the pose's worst direction, degrees, that the noise
  // of the inliers leaves: from the normal matrix of their Sampson errors.
  // Large for small baselines and planes.
  double sigma = 90;
};

// Pairs in pixels; `weights`, one a pair: those of weight 0 are not counted;
// none: all are.
PoseEvidence FindPoseEvidence(std::span<const PointPair> pairs,
                              std::span<const double> weights,
                              const RelativePose& pose,
                              const PinholeCamera& camera1,
                              const PinholeCamera& camera2, double max_error);

// p = 1 / (1 + exp(-(c0 + c1 log(inliers) + c2 log(share) + c3 log(sigma)))).
using ConfidenceCoefficients = std::array<double, 4>;
// Fitted by `tiepoint evaluate pose` (its notes) on scenes that no network saw:
// docs/experiments.md, section 8.
extern const ConfidenceCoefficients kPoseConfidence;

// In [0, 1].
double PoseConfidence(const PoseEvidence& evidence,
                      const ConfidenceCoefficients& c = kPoseConfidence);

// Maximum likelihood (Newton's method, a little ridge, so that it exists).
// right[i]: was pose i within five degrees?
ConfidenceCoefficients FitPoseConfidence(std::span<const PoseEvidence> evidence,
                                         const std::vector<bool>& right);

}  // namespace tiepoint
