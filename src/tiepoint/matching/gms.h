// SPDX-License-Identifier: Apache-2.0
// Grid-based motion statistics (Bian et al., "GMS: Grid-based Motion Statistics
// for Fast, Ultra-robust Feature Correspondence", CVPR 2017): a true match has
// neighbours that move the same way, a wrong one has not.
#pragma once

#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/matching/matcher.h"

namespace tiepoint {

struct GmsOptions {
  // Try the eight turns of the 3x3 neighbourhood (45 degrees each) and five
  // sizes of the second image's cells (1, 1/2, 1/sqrt(2), sqrt(2), 2); the
  // choice that keeps most matches wins, the plainer one of equals.
  bool rotation = false;
  bool scale = false;
  // Of the threshold: 6 in the paper, for all nearest neighbours.
  double factor = 6;
};

// The matches that are supported, in their order. Both images are covered by
// 20x20 cells. A cell of the first image belongs to the cell of the second that
// most of its matches go to; the two agree when
//   S >= factor sqrt(n),
// S: the matches that go from each cell of the 3x3 neighbourhood to the same
// place of the other's, n: the mean number of matches in those cells of the
// first image. Done four times, with the first grid moved by half a cell in x,
// in y and in both; kept is what one of them keeps.
// The paper hands in the nearest neighbour of every keypoint, without mutual
// check or ratio. Keypoints in pixels of the sets' images.
std::vector<Match> FilterGms(const FeatureSet& first, const FeatureSet& second,
                             const std::vector<Match>& matches,
                             const GmsOptions& options = {});

}  // namespace tiepoint
