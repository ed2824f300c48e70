// SPDX-License-Identifier: Apache-2.0
// Points of shards as training looks at them: each stored patch is a small
// photograph with the keypoint in its middle.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "training/quadruplets.h"
#include "training/sample_shard.h"
#include "training/training_points.h"

namespace tiepoint {

// The shards below `folders`, sorted. Training: every train.shard and
// patches.shard; validation: every validation.shard, and where there is none
// the same patches.shard. Both empty: the folders hold no shards.
struct ShardFiles {
  std::vector<std::string> training, validation;
};
// Throws InputError for a folder named "eval", or below one, or missing.
ShardFiles FindShards(const std::vector<std::string>& folders);

// One point in two patches, and a patch without a keypoint.
struct ShardPoint {
  GrayImage first, second;
  GrayImage elsewhere;  // empty: the shard holds no such patch
  PointInViews point;   // in pixels of the patches
  // The middle of `elsewhere`, with the scale of its patch.
  Keypoint no_keypoint;
  // The direction in which an upright patch is cut, radians: quadruplets are
  // turned over the full circle, each view for itself; patches that were
  // brought to one direction stay as they are.
  double up_first = 0, up_second = 0;
};

class ShardPoints {
 public:
  // Which points of shards of kind "patches", whose sets know no split: of ten
  // points one is for validation.
  enum class Part { kTraining, kValidation };

  // Throws InputError when a file is no shard or no point has two patches.
  ShardPoints(const std::vector<std::string>& paths, Part part, uint64_t seed);

  int Size() const { return size_; }  // points: draws in one epoch
  // Half width of the stored patches, sigma, the smallest of all shards; 0:
  // there are shards of kind "patches" alone, whose size in sigma is not told.
  double Support() const { return support_; }
  bool HasNegatives() const { return negatives_; }

  // Draw `index` of an endless sequence of epochs, each in an order of its own:
  // the same for the same seed and index. Patches of kind "patches" are said to
  // reach `support` sigma. Several threads may call it.
  ShardPoint Get(uint64_t index, double support) const;

 private:
  struct Shard {
    std::unique_ptr<ShardReader> reader;
    std::vector<ShardSample> samples;  // those of the part
    std::vector<int> positions;        // of these in the file
  };
  struct Draw {
    int shard = 0;
    Quadruplet samples;
  };
  std::vector<Draw> DrawEpoch(uint64_t epoch) const;

  std::vector<Shard> shards_;
  uint64_t seed_;
  int size_ = 0;
  double support_ = 0;
  bool negatives_ = false;
  mutable std::mutex mutex_;
  mutable uint64_t epoch_ = 0;
  mutable std::vector<Draw> draws_;  // of `epoch_`
};

}  // namespace tiepoint
