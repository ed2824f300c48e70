// SPDX-License-Identifier: Apache-2.0
// Protocol "pose": the relative pose of two photographs from their matches,
// against the true one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "evaluation/pose_pairs.h"
#include "evaluation/protocol.h"
#include "tiepoint/geometry/estimate_pose.h"
#include "tiepoint/matching/gms.h"

namespace tiepoint {

struct PoseProtocolOptions {
  PosePairOptions pairs;
  // Longer side of the working images; errors are in their pixels. 0: stored.
  int max_image_size = 1024;
  // Each [FILTER+]ESTIMATOR. Filters: "ratio" (max_ratio), "learned" (those to
  // which `classifier` gives weight; the estimators that take weights are given
  // them), "gms" (of all one-way nearest neighbours instead of mutual ones).
  // Estimators: see ParsePoseEstimator.
  std::vector<std::string> estimators = {"magsac",   "ratio+magsac",
                                         "tiepoint", "gms+ransac",
                                         "ransac",   "eightpoint"};
  double max_ratio = 0;  // 0: RatioFor the features
  GmsOptions gms;
  // Weights file of a correspondence network, for "learned".
  std::string classifier;
  // Above 0: before any filter, matches are left out at random until this share
  // is wrong, so that filters can be compared at one difficulty.
  double outliers = 0;
  // Thresholds of the estimators, in working pixels; its seed is not used.
  PoseOptions pose;
  // Each run has a seed of its own, and its own random order of the matches:
  // the answer of OpenCV's estimators depends on both.
  int runs = 5;
  uint64_t seed = 0;

  std::string Validate() const;
};

class PoseProtocol : public Protocol {
 public:
  // Matches of an item as the estimators see them: undistorted, in working
  // pixels; `correct`: within 3 pixels of the true epipolar lines.
  struct Matches {
    std::shared_ptr<const Features> first, second;
    std::vector<Match> matches;
    std::vector<PointPair> points;
    std::vector<bool> correct;
  };
  // Mutual nearest neighbours.
  virtual Matches MatchesOf(const FeatureSource& source,
                            const Item& item) const = 0;
};

// One row a method and estimator. Distortion is taken from the points first, so
// that all estimators see pinhole cameras. Throws InputError for unusable
// options and folders (FindPosePairs).
std::unique_ptr<PoseProtocol> MakePoseProtocol(
    const std::vector<std::string>& folders,
    const PoseProtocolOptions& options);

}  // namespace tiepoint
