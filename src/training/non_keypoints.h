// SPDX-License-Identifier: Apache-2.0
// Places where no keypoint is: the negatives of LIFT's detector.
#pragma once

#include <span>
#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// Intersection over union of the upright squares of half width 6 sigma around
// two keypoints; angles are ignored.
double SquareOverlap(const Keypoint& a, const Keypoint& b);

struct NonKeypointOptions {
  int count = 1000;          // at most
  int attempts = 100;        // places that are tried for one that is wanted
  double max_overlap = 0.1;  // with any keypoint, and with one another
  double border = 6;         // of the square that lies inside, sigma
};

// Places drawn evenly over the picture, with scales drawn from `scales`, whose
// squares overlap with those of no keypoint by more than max_overlap. Empty
// where the keypoints leave no room, or without scales.
std::vector<Keypoint> DrawNonKeypoints(std::span<const Keypoint> keypoints,
                                       std::span<const float> scales, int width,
                                       int height,
                                       const NonKeypointOptions& options,
                                       Random& random);

}  // namespace tiepoint
