// SPDX-License-Identifier: Apache-2.0
#include "training/split_shards.h"

#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"

namespace tiepoint {

namespace fs = std::filesystem;

const char* Name(Split split) {
  constexpr std::array kNames = {"train", "validation", "test"};
  return kNames[static_cast<size_t>(split)];
}

std::vector<Split> SplitPhotographs(int count, uint64_t seed) {
  const auto fifth = static_cast<int>(std::lround(count / 5.0));
  std::vector<Split> splits(count, Split::kTrain);
  for (int i = 0; i < fifth; ++i) {
    splits[i] = Split::kValidation;
    splits[fifth + i] = Split::kTest;
  }
  Random random(StreamSeed(seed, 0x5717));
  for (int i = count; i > 1; --i) {
    std::swap(splits[i - 1], splits[random.Integer(i)]);
  }
  return splits;
}

std::string ShardPath(const std::string& folder, Split split) {
  return (fs::path(folder) / (std::string(Name(split)) + ".shard")).string();
}

bool IsShardMade(const std::string& path, const ShardHead& head) {
  if (!fs::exists(path)) return false;
  const ShardReader reader(path);
  const ShardHead& there = reader.Head();
  if (there.kind != head.kind || there.patch_size != head.patch_size ||
      there.support != head.support || there.seed != head.seed ||
      there.source != head.source || there.licence != head.licence ||
      there.photographs != head.photographs ||
      there.settings != head.settings) {
    throw InputError(path +
                     ": was made with other settings or of other photographs; "
                     "remove it or name another folder");
  }
  return true;
}

bool AreShardsMade(const std::string& folder, const ShardHead& head) {
  int made = 0;
  for (const Split split : kSplits) {
    if (IsShardMade(ShardPath(folder, split), head)) ++made;
  }
  return made == static_cast<int>(kSplits.size());
}

SplitShards::SplitShards(const std::string& folder, const ShardHead& head) {
  for (const Split split : kSplits) {
    writers_[static_cast<size_t>(split)] =
        std::make_unique<ShardWriter>(ShardPath(folder, split), head);
  }
}

void SplitShards::Add(Split split, const ShardSample& sample,
                      std::span<const uint8_t> patch) {
  Of(split).Add(sample, patch);
}

void SplitShards::Finish() {
  for (auto& writer : writers_) writer->Finish();
}

ShardCounts CountSamples(const std::vector<ShardSample>& samples) {
  ShardCounts counts;
  std::set<int64_t> points;
  for (const ShardSample& sample : samples) {
    if (sample.point < 0) {
      ++counts.negatives;
    } else {
      ++counts.views;
      points.insert(sample.point);
    }
  }
  counts.points = static_cast<int>(points.size());
  return counts;
}

}  // namespace tiepoint
