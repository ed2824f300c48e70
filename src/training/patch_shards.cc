// SPDX-License-Identifier: Apache-2.0
#include "training/patch_shards.h"

#include <filesystem>
#include <span>

#include "tiepoint/base/parallel.h"
#include "tiepoint/io/hpatches.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

ShardSample SampleOf(int64_t point, int photograph) {
  ShardSample sample;
  sample.point = point;
  sample.photograph = photograph;
  return sample;
}

ShardHead PatchHead(const std::string& from, int side) {
  ShardHead head;
  head.kind = "patches";
  head.patch_size = side;
  head.settings = {{"from", from}};
  return head;
}

}  // namespace

ShardHead BrownHead(const PatchSet& set) {
  ShardHead head = PatchHead("Brown", kPatchSide);
  head.photographs = {set.Name()};
  return head;
}

void AddBrownPatches(const PatchSet& set, ShardWriter& shard) {
  for (int mosaic = 0; mosaic < set.NumMosaics(); ++mosaic) {
    CheckInterrupt();
    const std::vector<uint8_t> pixels = set.ReadMosaic(mosaic);
    std::span<const uint8_t> rest(pixels);
    for (int i = mosaic * kPatchesInMosaic; !rest.empty(); ++i) {
      shard.Add(SampleOf(set.Points()[i], 0), rest.first(kPatchPixels));
      rest = rest.subspan(kPatchPixels);
    }
  }
}

ShardHead HPatchesHead(const std::vector<std::string>& sequences) {
  ShardHead head = PatchHead("HPatches", kHPatchesSide);
  for (const std::string& sequence : sequences) {
    const std::string name = fs::path(sequence).filename().string();
    for (const HPatchesFile& file : ReadHPatchesSequence(sequence)) {
      head.photographs.push_back(name + "/" + file.name);
    }
  }
  return head;
}

void AddHPatches(const std::vector<std::string>& sequences,
                 ShardWriter& shard) {
  int photograph = 0;
  int64_t first_point = 0;
  for (const std::string& sequence : sequences) {
    CheckInterrupt();
    const std::vector<HPatchesFile> files = ReadHPatchesSequence(sequence);
    int64_t next_point = first_point;
    for (const HPatchesFile& file : files) {
      std::span<const uint8_t> rest(file.pixels);
      for (next_point = first_point; !rest.empty(); ++next_point) {
        shard.Add(SampleOf(next_point, photograph),
                  rest.first(kHPatchesPixels));
        rest = rest.subspan(kHPatchesPixels);
      }
      ++photograph;
    }
    first_point = next_point;
  }
}

}  // namespace tiepoint
