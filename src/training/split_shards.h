// SPDX-License-Identifier: Apache-2.0
// Samples split by photograph into three shards: train.shard,
// validation.shard, test.shard of one folder.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "training/sample_shard.h"

namespace tiepoint {

enum class Split { kTrain, kValidation, kTest };
inline constexpr std::array kSplits = {Split::kTrain, Split::kValidation,
                                       Split::kTest};
const char* Name(Split split);  // "train", "validation", "test"

// Of `count` photographs a fifth each (rounded) for validation and test, drawn
// at random, the rest for training.
std::vector<Split> SplitPhotographs(int count, uint64_t seed);

std::string ShardPath(const std::string& folder, Split split);

// Is the shard there, made with this head (but for its count)? Throws
// InputError when it was made with another head, or is damaged.
bool IsShardMade(const std::string& path, const ShardHead& head);
// All three.
bool AreShardsMade(const std::string& folder, const ShardHead& head);

// Writes the three shards; each comes into being whole with Finish().
class SplitShards {
 public:
  SplitShards(const std::string& folder, const ShardHead& head);
  void Add(Split split, const ShardSample& sample,
           std::span<const uint8_t> patch);
  void Finish();

 private:
  ShardWriter& Of(Split split) { return *writers_[static_cast<size_t>(split)]; }

  std::array<std::unique_ptr<ShardWriter>, 3> writers_;
};

// What was written.
struct ShardCounts {
  int points = 0, views = 0, negatives = 0;
};
ShardCounts CountSamples(const std::vector<ShardSample>& samples);

}  // namespace tiepoint
