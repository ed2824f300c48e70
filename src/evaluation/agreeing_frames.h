// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "evaluation/planar_pair.h"

namespace tiepoint {

struct FrameTolerance {
  double pixels = 3;  // of image 2
  double octaves = 0.7;
  double degrees = 10;
};

// Keypoints of image 1 that image 2 has, too: with a keypoint whose place,
// scale and angle are those that the homography gives theirs (its derivative at
// the place: the scale grows by the root of its determinant, the angle is that
// of the direction it turns to). No descriptor is asked, so this is what
// detector and orientation leave to be matched.
int CountAgreeingFrames(const PlanarPair& pair,
                        const FrameTolerance& tolerance = {});

}  // namespace tiepoint
