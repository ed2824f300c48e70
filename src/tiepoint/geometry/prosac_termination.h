// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tiepoint/geometry/guided_essential.h"
#include "tiepoint/geometry/prosac_sampler.h"

namespace tiepoint {

struct ProsacTermination {
  int samples = 0;  // after so many the search may end
  int pool = 0;     // of the best ranks, which samples need not go beyond
};

// PROSAC's rule (Chum and Matas, CVPR 2005): the search may end when, for the n
// best ranks of some n, their share of inliers is no chance (5 % level, wrong
// models having 5 % inliers) and a sample of right ones would have been drawn
// with the confidence wanted:
//   samples = log(1 - confidence) / log(1 - right),
//   right = product over k = 0..4 of (inliers - k) / (n - k).
// The least over all n that end a group of the sampler; with explore_every > 0
// at least that of all ranks. Within min_iterations and max_iterations of the
// options. `inlier_by_rank`: of the best model so far.
ProsacTermination FindProsacTermination(const std::vector<bool>& inlier_by_rank,
                                        const ProsacSampler& sampler,
                                        const GuidedOptions& options);

}  // namespace tiepoint
