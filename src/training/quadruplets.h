// SPDX-License-Identifier: Apache-2.0
// LIFT's training samples (Yi et al., ECCV 2016, section 3.1) drawn from a
// shard: two views of one point, a view of another point, and a place without a
// keypoint. The patches are as they were cut; whoever trains moves them about.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "training/sample_shard.h"

namespace tiepoint {

// Indices of samples of the shard.
struct Quadruplet {
  int first = 0, second = 0;  // of one point, in two photographs if possible
  int other = 0;              // of another point
  int negative = -1;          // of no point; -1: the shard holds none
  bool operator==(const Quadruplet&) const = default;
};

// One quadruplet a point with two views or more, in random order: an epoch.
// Drawn anew for every epoch; the same for the same seed and epoch. Empty when
// there are not two such points.
std::vector<Quadruplet> DrawQuadruplets(std::span<const ShardSample> samples,
                                        uint64_t seed, uint64_t epoch);

}  // namespace tiepoint
