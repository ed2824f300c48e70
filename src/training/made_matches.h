// SPDX-License-Identifier: Apache-2.0
// Matches of made cameras before made points, for tests.
#pragma once

#include "training/match_set.h"

namespace tiepoint {

// Three photographs of a cloud of 300 points, 80 further keypoints each; all
// three pairs, with the right match of every point and a wrong one of every
// other keypoint. Scales and angles are as the cameras see them.
MatchSet MadeMatches(uint64_t seed);

}  // namespace tiepoint
