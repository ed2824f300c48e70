// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

struct DistinctPairs {
  std::vector<PointPair> pairs;
  std::vector<double> weights;  // one each, above 0
};

// The pairs that can be estimated from: Usable(), of a weight above 0 (no
// weights: all 1), each place once (a keypoint with several angles is still one
// point) with its largest weight. In an order drawn from the seed, of which the
// order handed in is no part. Throws InputError for weights that are negative,
// not finite or not as many as pairs.
DistinctPairs FindDistinctPairs(std::span<const PointPair> pairs,
                                std::span<const double> weights, uint64_t seed);

}  // namespace tiepoint
