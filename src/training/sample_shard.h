// SPDX-License-Identifier: Apache-2.0
// Patches to learn from, packed into one file: a shard. Little endian:
//   "TPSHARD\n", u32 version, u32 length, JSON of that length (ShardHead)
//   blocks of patches, each compressed alone, 128 KB of patches or one patch
//   index: for each block u64 offset, u32 bytes, u32 method (0 stored, 1 zstd),
//          u64 checksum of these bytes; for each patch i64 point, i32
//          photograph, f32 x, y, sigma, angle
//   u64 offset of the index, u64 checksum of head and index, "TPSHEND\n"
// Before compression each pixel is replaced by its difference (modulo 256) from
// left + above - above left, 0 outside: patches are smooth, so most differences
// are small (LOCO-I's predictor without its edge cases).
// A build without zstd (TIEPOINT_HAVE_ZSTD) stores blocks as they are, and
// cannot read compressed ones.
#pragma once

#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace tiepoint {

struct ShardHead {
  // "quadruplets": upright patches around points and non-keypoints, of LIFT's
  //   training; the same point has the same number.
  // "patches": patches of points alone, brought to one scale and direction.
  std::string kind;
  int patch_size = 0;                    // pixels a side
  double support = 0;                    // half width of a patch, sigma
  uint64_t seed = 0;                     // of what was drawn at random
  std::string source;                    // what the photographs are
  std::string licence;                   // of the photographs, as far as known
  std::vector<std::string> photographs;  // names; ShardSample::photograph
  nlohmann::ordered_json settings;       // how the samples were made
  int count = 0;                         // samples; set by the writer
};

// Where one patch was cut; pixels, sigma and angle as of keypoints.
struct ShardSample {
  int64_t point = -1;  // -1: no keypoint is here
  int32_t photograph = 0;
  float x = 0, y = 0, sigma = 1;
  // Of a direction that the point has in all its views; the patch of kind
  // "quadruplets" is upright nevertheless.
  float angle = 0;
  bool operator==(const ShardSample&) const = default;
};

// Where a block is in the file.
struct ShardBlock {
  uint64_t offset = 0;
  uint32_t bytes = 0, method = 0;
  uint64_t checksum = 0;
};

// Is compression built in?
bool ShardsAreCompressed();

// Writes beside `path` and renames at the end, so that nobody meets half a
// shard; what was not finished is removed. Throws InputError when it cannot be
// written.
class ShardWriter {
 public:
  ShardWriter(std::string path, ShardHead head);
  ~ShardWriter();
  ShardWriter(const ShardWriter&) = delete;
  ShardWriter& operator=(const ShardWriter&) = delete;

  // patch_size^2 gray values, row-major.
  void Add(const ShardSample& sample, std::span<const uint8_t> patch);
  int Count() const { return static_cast<int>(samples_.size()); }
  void Finish();

 private:
  void WriteBlock();
  void Write(std::span<const uint8_t> bytes);
  void Check(bool fine) const;
  std::string HeadText(size_t length) const;

  std::string path_, part_;
  ShardHead head_;
  size_t head_length_ = 0;
  std::FILE* file_ = nullptr;
  uint64_t written_ = 0;
  std::vector<uint8_t> pending_;
  std::vector<ShardBlock> blocks_;
  std::vector<ShardSample> samples_;
};

// Reads any patch at once; several threads may. Throws InputError in one line
// for files that are no shards, of another version, truncated or damaged (a
// damaged block when one of its patches is read).
class ShardReader {
 public:
  explicit ShardReader(std::string path);
  ~ShardReader();
  ShardReader(const ShardReader&) = delete;
  ShardReader& operator=(const ShardReader&) = delete;

  const ShardHead& Head() const { return head_; }
  int Count() const { return head_.count; }
  // Of all patches, in the order in which they were added.
  const std::vector<ShardSample>& Samples() const { return samples_; }
  // patch_size^2 gray values, row-major.
  std::vector<uint8_t> Patch(int index) const;

 private:
  std::vector<uint8_t> ReadAt(uint64_t offset, uint64_t bytes) const;
  void ReadHead();
  void ReadIndex();

  std::string path_;
  int file_ = -1;
  uint64_t size_ = 0, blocks_begin_ = 0;
  ShardHead head_;
  std::vector<ShardBlock> blocks_;
  std::vector<ShardSample> samples_;
};

}  // namespace tiepoint
