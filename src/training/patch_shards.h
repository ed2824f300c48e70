// SPDX-License-Identifier: Apache-2.0
// Public sets of patches as shards of kind "patches": one direction, one scale,
// no negatives, of a size in sigma that is not told (support 0). A set is one
// shard: such sets are split by set or sequence.
#pragma once

#include <string>
#include <vector>

#include "tiepoint/io/patch_set.h"
#include "training/sample_shard.h"

namespace tiepoint {

// Patches of Brown, Hua and Winder (io/patch_set.h). All of one photograph.
ShardHead BrownHead(const PatchSet& set);
void AddBrownPatches(const PatchSet& set, ShardWriter& shard);

// Sequences of HPatches (io/hpatches.h). Points are numbered through all
// sequences; ShardSample::photograph is the file.
ShardHead HPatchesHead(const std::vector<std::string>& sequences);
void AddHPatches(const std::vector<std::string>& sequences, ShardWriter& shard);

}  // namespace tiepoint
