// SPDX-License-Identifier: Apache-2.0
// Several ways from matches to a relative pose, for side-by-side runs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

enum class PoseEstimator {
  kEightPoint,  // "eightpoint": WeightedEightPoint alone, nothing is left out
  kRansac,      // "ransac": OpenCV's RANSAC over five points
  kMagsac,      // "magsac": OpenCV's USAC_MAGSAC
  kTiepoint,    // "tiepoint": EstimateTwoViewGeometry
  kGuided,      // "guided": EstimateEssential
  kRegression,  // "regression": RegressEssential
};

// Throws InputError that lists the names.
PoseEstimator ParsePoseEstimator(const std::string& name);
const char* Name(PoseEstimator estimator);

struct PoseOptions {
  // Largest Sampson error of an inlier, pixels. RANSAC is given it divided by
  // the mean focal length, because it works in normalised coordinates.
  double max_error = 1;
  // Of MAGSAC and kGuided.
  double confidence = 0.9999;
  int max_iterations = 10000;
  // Of RANSAC: OpenCV's defaults, the baseline of the literature.
  double ransac_confidence = 0.999;
  int ransac_max_iterations = 1000;
  // Of kTiepoint, with the essential model and `seed` below; its second_look is
  // that of kGuided, too.
  TwoViewOptions two_view;
  uint64_t seed = 0;
};

struct PoseEstimate {
  // Empty: no answer (fewer than five inliers, eight for kEightPoint; no model;
  // kTiepoint also when matches do not tell the direction of motion).
  std::optional<RelativePose> pose;
  // Indices of the pairs within max_error (kTiepoint: of two_view), increasing;
  // empty without a model.
  std::vector<int> inliers;
  // Those of the second look where it found the answer, one a pair; else empty.
  std::vector<double> weights;
};

// `pairs` in pixels without distortion; those that are not Usable() are left
// out. `weights`, one a pair, are for kEightPoint, kTiepoint, kGuided
// and kRegression; none: all 1.
// RANSAC and MAGSAC depend on the order of the pairs, RANSAC on nothing else
// (OpenCV's has one seed). "No answer" is a result; unusable cameras and
// weights throw InputError.
PoseEstimate EstimatePose(PoseEstimator estimator,
                          std::span<const PointPair> pairs,
                          std::span<const double> weights,
                          const PinholeCamera& camera1,
                          const PinholeCamera& camera2,
                          const PoseOptions& options);

}  // namespace tiepoint
