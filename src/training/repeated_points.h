// SPDX-License-Identifier: Apache-2.0
// Where a detector fires again and again in photographs of a fixed camera: the
// positives that TILDE learns from (Verdie et al., CVPR 2015, section 3.1).
#pragma once

#include <vector>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

struct RepeatedPoint {
  float x = 0, y = 0;
  float scale = 1;      // mean of the detections
  int photographs = 0;  // in which it was detected
};

struct RepeatedPointOptions {
  double radius = 5;    // pixels; detections that near are one place
  double spacing = 10;  // pixels; chosen places are further apart
  int count = 100;
};

// `detections`: of each photograph of the stack. For every detection the
// photographs are counted that have one within `radius`; beginning with the
// most frequent, the nearest detection of each of these is averaged to a place,
// which is chosen unless one was within `spacing`. Most frequent first, ties by
// y, then x. Places seen in one photograph alone are none.
std::vector<RepeatedPoint> FindRepeatedPoints(
    const std::vector<std::vector<Keypoint>>& detections,
    const RepeatedPointOptions& options);

}  // namespace tiepoint
