// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "tiepoint/features/score_maps.h"

namespace tiepoint {

// The keypoint at the maximum near the pixel (x, y) of a level, or nothing when
// it is on an edge or runs away: see FindMaxima. Reads the 5 x 5 scores around
// the pixel and, of the neighbouring levels, what cubic convolution needs at
// places up to max_step + 1 pixels from it.
std::optional<Keypoint> RefineMaximum(const std::vector<ScoreMap>& maps,
                                      int level, int x, int y,
                                      const MaximaOptions& options);

}  // namespace tiepoint
