// SPDX-License-Identifier: Apache-2.0
// The samples of sfm_quadruplets.h from photographs without a model: each is
// seen twice through a homography (view_pair.h), and the points that a detector
// finds in both views (training_points.h) take the place of the model's.
// ShardSample::photograph is the photograph that both views show; x and y are
// in the view, which is not kept. Points are numbered by pair of views.
#pragma once

#include <functional>

#include "training/photographs.h"
#include "training/split_shards.h"
#include "training/view_pair.h"

namespace tiepoint {

struct WarpQuadrupletOptions {
  int pairs = 4;        // of views, a photograph
  int max_points = 64;  // a pair of views; negatives the same, in each view
  int patch_size = 128;
  double support = 12;  // half width of a patch, sigma
  double min_sigma = 2, max_sigma = 8;
  double max_overlap = 0.1;  // of a negative with a point that was found
  ViewOptions views{.width = 640, .height = 512};
};

// `names`: of the photographs.
ShardHead WarpQuadrupletHead(const std::vector<std::string>& names,
                             const WarpQuadrupletOptions& options,
                             uint64_t seed);

// Adds samples photograph after photograph; done(photographs done) now and
// then. The same for every number of threads.
void AddWarpQuadruplets(const PhotographStore& photographs,
                        const WarpQuadrupletOptions& options, uint64_t seed,
                        SplitShards& shards,
                        const std::function<void(int)>& done);

}  // namespace tiepoint
