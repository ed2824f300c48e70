// SPDX-License-Identifier: Apache-2.0
// Nearest-neighbour mean average precision, as Learning to Assign Orientations
// (Yi et al., CVPR 2016) and LIFT (ECCV 2016) measure descriptors on pairs of
// photographs.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// Euclidean distances of all pairs, rows x columns, row-major.
struct DistanceMatrix {
  int rows = 0, cols = 0;
  std::vector<float> data;
  float At(int i, int j) const {
    return data[static_cast<size_t>(i) * cols + j];
  }
};

// Of the first `count` descriptors of each set (0: all). The result does not
// depend on the number of threads. Throws InputError when the descriptors
// differ in length.
DistanceMatrix AllDistances(const DescriptorMatrix& first,
                            const DescriptorMatrix& second, int count);

// Each i and each j at most once: greedy by increasing distance, ties to the
// lower i, then j. In that order; min(rows, cols) pairs, fewer where distances
// are not numbers.
std::vector<std::pair<int, int>> GreedyNearest(const DistanceMatrix& distances);

// Area under precision over recall of a ranked list with `positives` that could
// be found: trapezoids through the points of every rank, beginning at recall 0
// with the precision of the first rank. Nothing is added beyond the recall of
// the last rank: precision is 0 from there to recall 1. 0 without positives.
double RankedPrecisionAuc(const std::vector<bool>& correct, int positives);

}  // namespace tiepoint
