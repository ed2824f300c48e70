// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/matching/distance_bounds.h"

namespace tiepoint {

// Keypoint i of the first image and keypoint j of the second are taken to be
// the same point.
struct Match {
  int i = 0;
  int j = 0;
  float similarity = 0;  // 1 - d^2 / 2 (the cosine, for unit descriptors)
  float ratio = 1;       // d / distance to the second nearest of i; 1 if none
  // MatchBothWays only: d / distance of j to the nearest keypoint of the first
  // image other than i; 1 if none. Below 1 where i is the nearest of j (the
  // match is mutual), above where another is; at most 2.
  float reverse_ratio = 1;
  bool mutual = false;  // MatchBothWays only: i is the nearest of j
  bool operator==(const Match&) const = default;
};

struct MatchOptions {
  // Keep (i, j) only when i is also the nearest of j.
  bool mutual = true;
  // Keep matches with ratio <= max_ratio (Lowe); 1 keeps all.
  double max_ratio = 1.0;
  // Keep matches whose distance is at most this.
  double max_distance = std::numeric_limits<double>::infinity();
  // Of the product that sorts out; changes the time, never the answer.
  ProductPrecision precision = ProductPrecision::kFastest;
};

// Nearest neighbours by Euclidean distance, ordered by i. Ties go to the lower
// index. One pass for both directions, without a table of all distances
// (distance_bounds.h); the result does not depend on the number of threads.
// Throws InputError when the descriptors differ in length.
std::vector<Match> MatchDescriptors(const DescriptorMatrix& first,
                                    const DescriptorMatrix& second,
                                    const MatchOptions& options = {});

// The nearest neighbour of each keypoint of the first image, mutual or not,
// with ratios both ways.
std::vector<Match> MatchBothWays(const DescriptorMatrix& first,
                                 const DescriptorMatrix& second);
// Those of them that are mutual: what a classifier of matches looks at.
std::vector<Match> MatchMutually(const DescriptorMatrix& first,
                                 const DescriptorMatrix& second);

}  // namespace tiepoint
