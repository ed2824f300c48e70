// SPDX-License-Identifier: Apache-2.0
// LIFT's training samples from a COLMAP model and its photographs (Yi et al.,
// ECCV 2016, section 4.1): big upright patches around the views of points
// (pipeline/sfm_places.h gives place, scale and direction, which COLMAP does
// not keep) and around places without a keypoint.
//   split   photographs 60/20/20; a point belongs to the split that holds most
//           of its views (of equal ones the first) and its views elsewhere are
//           dropped, then points with fewer than two
//   none    LIFT draws up to 1000 a photograph, here at most as many as there
//           are views in it; scales are those of its views, and the square
//           overlaps (IoU) with no keypoint by more than 0.1. A keypoint is a
//           point's view of any split, or one that OpenCV's SIFT finds
// ShardSample::photograph is the position in ShardHead::photographs, which are
// the model's in the order of their ids.
#pragma once

#include "tiepoint/pipeline/sfm_places.h"
#include "training/split_shards.h"

namespace tiepoint {

struct SfmQuadrupletOptions {
  SfmPlaceOptions places = DefaultPlaces();
  int patch_size = 128;
  double support = 12;           // half width of a patch, sigma
  int max_negatives = 1000;      // a photograph
  double max_overlap = 0.1;      // of a negative with a keypoint
  int max_blocking_sift = 4096;  // strongest keypoints of SIFT that count

  // LIFT's smallest keypoints have sigma 2; the sqrt(2)-enlarged patch must lie
  // inside, so that it can be turned.
  static SfmPlaceOptions DefaultPlaces() {
    SfmPlaceOptions places;
    places.min_sigma = 2;
    places.half_width = 12;
    places.any_turn = true;
    return places;
  }
};

// What the shards of a model will say about themselves; source, licence and
// further settings are the caller's.
ShardHead SfmQuadrupletHead(const ColmapModel& model,
                            const SfmQuadrupletOptions& options, uint64_t seed);

// Adds samples to the shards, photograph after photograph; `read` is called
// from one thread and at most twice for each image. The same for every number
// of threads. Returns the number of views; 0 when no split holds two usable
// views of a point.
int AddSfmQuadruplets(const ColmapModel& model, const ReadSfmPhotograph& read,
                      const SfmQuadrupletOptions& options, uint64_t seed,
                      SplitShards& shards);

}  // namespace tiepoint
