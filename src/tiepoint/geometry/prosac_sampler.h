// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "tiepoint/base/random.h"

namespace tiepoint {

// Samples of five of ranked things, best ranks first (Chum and Matas, "Matching
// with PROSAC", CVPR 2005). The pool of the n best grows so that the first T
// samples of RANSAC over all things would hold as many from the n best as are
// drawn from them. Things of one weight have no order: the pool grows by all of
// them at once, and without any differences this is RANSAC.
class ProsacSampler {
 public:
  static constexpr int kSampleSize = 5;

  // Weights decreasing, at least five.
  explicit ProsacSampler(std::span<const double> weights);

  // Ranks from 0, different from each other.
  std::array<int, kSampleSize> Sample(Random& random);

  // The pool no longer grows beyond this; at least five.
  void LimitPool(int size) { limit_ = size; }

  // Is it the end of a group of one weight?
  bool EndsGroup(int size) const { return group_end_[size - 1] == size; }

 private:
  std::vector<int> group_end_;  // of the group of each rank
  int limit_;
  int drawn_ = 0;
  int pool_ = kSampleSize;  // n
  double expected_;         // T_n: samples from the n best among all T
  double until_ = 1;        // T'_n: the pool grows after so many samples
};

}  // namespace tiepoint
