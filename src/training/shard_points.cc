// SPDX-License-Identifier: Apache-2.0
#include "training/shard_points.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <utility>

#include "tiepoint/base/error.h"
#include "training/photographs.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

GrayImage Picture(const ShardReader& shard, int index) {
  const int size = shard.Head().patch_size;
  GrayImage image(size, size);
  const std::vector<uint8_t> bytes = shard.Patch(index);
  std::copy(bytes.begin(), bytes.end(), image.pixels.begin());
  return image;
}

Keypoint Middle(const ShardHead& head, double support, float angle) {
  Keypoint k;
  k.x = k.y = static_cast<float>((head.patch_size - 1) / 2.0);
  k.scale = static_cast<float>(head.patch_size / (2 * support));
  k.angle = angle;
  return k;
}

}  // namespace

ShardFiles FindShards(const std::vector<std::string>& folders) {
  ShardFiles files;
  std::vector<std::string> patches;
  for (const std::string& folder : folders) {
    RefuseEvaluationData(folder);
    if (!fs::is_directory(folder)) {
      throw InputError("no such folder of photographs: '" + folder + "'");
    }
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().filename();
      if (name == "train.shard") files.training.push_back(entry.path());
      if (name == "validation.shard") files.validation.push_back(entry.path());
      if (name == "patches.shard") patches.push_back(entry.path());
    }
  }
  files.training.insert(files.training.end(), patches.begin(), patches.end());
  if (files.validation.empty()) files.validation = patches;
  std::sort(files.training.begin(), files.training.end());
  std::sort(files.validation.begin(), files.validation.end());
  return files;
}

ShardPoints::ShardPoints(const std::vector<std::string>& paths, Part part,
                         uint64_t seed)
    : seed_(seed) {
  for (const std::string& path : paths) {
    Shard shard;
    shard.reader = std::make_unique<ShardReader>(path);
    const ShardHead& head = shard.reader->Head();
    const bool split = head.kind != "patches";
    const std::vector<ShardSample>& all = shard.reader->Samples();
    for (size_t i = 0; i < all.size(); ++i) {
      const bool held_out = all[i].point % 10 == 9;
      if (!split && held_out != (part == Part::kValidation)) continue;
      shard.samples.push_back(all[i]);
      shard.positions.push_back(static_cast<int>(i));
    }
    if (head.support > 0) {
      support_ = support_ > 0 ? std::min(support_, head.support) : head.support;
    }
    shards_.push_back(std::move(shard));
  }
  draws_ = DrawEpoch(0);
  if (draws_.size() < 2) {
    throw InputError("no shard holds two patches of one point: " +
                     (paths.empty() ? "there is none" : paths[0]));
  }
  size_ = static_cast<int>(draws_.size());
  negatives_ = std::all_of(draws_.begin(), draws_.end(), [](const Draw& draw) {
    return draw.samples.negative >= 0;
  });
}

std::vector<ShardPoints::Draw> ShardPoints::DrawEpoch(uint64_t epoch) const {
  std::vector<Draw> draws;
  for (size_t s = 0; s < shards_.size(); ++s) {
    for (const Quadruplet& q :
         DrawQuadruplets(shards_[s].samples, seed_, epoch)) {
      draws.push_back({static_cast<int>(s), q});
    }
  }
  Random random(StreamSeed(seed_ + 1, epoch));
  for (int i = static_cast<int>(draws.size()); i > 1; --i) {
    std::swap(draws[i - 1], draws[random.Integer(i)]);
  }
  return draws;
}

ShardPoint ShardPoints::Get(uint64_t index, double support) const {
  const auto size = static_cast<uint64_t>(size_);
  Draw draw;
  {
    const std::lock_guard lock(mutex_);
    if (index / size != epoch_) {
      epoch_ = index / size;
      draws_ = DrawEpoch(epoch_);
    }
    draw = draws_[index % size];
  }
  const Shard& shard = shards_[draw.shard];
  const ShardReader& reader = *shard.reader;
  const ShardHead& head = reader.Head();
  const double half = head.support > 0 ? head.support : support;
  const auto middle = [&](int sample) {
    return Middle(head, half, shard.samples[sample].angle);
  };
  const Quadruplet& q = draw.samples;
  ShardPoint point;
  point.first = Picture(reader, shard.positions[q.first]);
  point.second = Picture(reader, shard.positions[q.second]);
  point.point = {middle(q.first), middle(q.second), true};
  if (q.negative >= 0) {
    point.elsewhere = Picture(reader, shard.positions[q.negative]);
    point.no_keypoint = middle(q.negative);
  }
  if (head.kind != "patches") {
    Random random(StreamSeed(seed_ + 2, index));
    point.up_first = random.Uniform(-std::numbers::pi, std::numbers::pi);
    point.up_second = random.Uniform(-std::numbers::pi, std::numbers::pi);
  }
  return point;
}

}  // namespace tiepoint
