// SPDX-License-Identifier: Apache-2.0
#include "training/sfm_quadruplets.h"

#include <algorithm>
#include <array>
#include <map>
#include <numbers>
#include <span>
#include <utility>

#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/features/opencv_features.h"
#include "tiepoint/image/patch.h"
#include "training/non_keypoints.h"

namespace tiepoint {
namespace {

Keypoint ToKeypoint(const SfmPlace& place) {
  Keypoint k;
  k.x = static_cast<float>(place.x);
  k.y = static_cast<float>(place.y);
  k.scale = static_cast<float>(place.sigma);
  k.angle = static_cast<float>(place.angle);
  return k;
}

// The split of each image of the model, and its position among them.
struct ImageRole {
  Split split = Split::kTrain;
  int position = 0;
};

std::map<int, ImageRole> RolesOf(const ColmapModel& model, uint64_t seed) {
  const std::vector<Split> splits =
      SplitPhotographs(static_cast<int>(model.images.size()), seed);
  std::map<int, ImageRole> roles;
  for (const auto& [id, image] : model.images) {
    const int position = static_cast<int>(roles.size());
    roles[id] = {splits[position], position};
  }
  return roles;
}

// Which of the places (by point) stay: those in the split of their point.
std::vector<bool> KeptPlaces(const std::vector<SfmPlace>& places,
                             const std::map<int, ImageRole>& roles) {
  std::vector<bool> kept(places.size(), false);
  for (size_t begin = 0, end = 0; begin < places.size(); begin = end) {
    std::array<int, kSplits.size()> views{};
    const auto split_of = [&](size_t i) {
      return static_cast<size_t>(roles.at(places[i].image_id).split);
    };
    for (end = begin; end < places.size() &&
                      places[end].point3D_id == places[begin].point3D_id;
         ++end) {
      ++views[split_of(end)];
    }
    const auto most = std::max_element(views.begin(), views.end());
    if (*most < 2) continue;
    for (size_t i = begin; i < end; ++i) {
      kept[i] = split_of(i) == static_cast<size_t>(most - views.begin());
    }
  }
  return kept;
}

// Adds what one photograph shows.
class PhotographCutter {
 public:
  PhotographCutter(const ImagePyramid& pyramid,
                   const SfmQuadrupletOptions& options)
      : pyramid_(pyramid), options_(options) {
    geometry_.size = options.patch_size;
    geometry_.support = options.support;
  }

  void Add(const std::vector<ShardSample>& samples, Split split,
           SplitShards& shards) const {
    const size_t area = static_cast<size_t>(geometry_.size) * geometry_.size;
    std::vector<uint8_t> pixels(area * samples.size());
    ParallelFor(static_cast<int>(samples.size()), [&](int i) {
      const ShardSample& s = samples[i];
      SampleBytes(pyramid_, s.x, s.y, s.sigma, 0, geometry_,
                  pixels.data() + area * i);
    });
    for (size_t i = 0; i < samples.size(); ++i) {
      shards.Add(split, samples[i], std::span(pixels).subspan(area * i, area));
    }
  }

  std::vector<Keypoint> Negatives(std::vector<Keypoint> keypoints,
                                  const std::vector<float>& scales,
                                  Random& random) const {
    const std::vector<Keypoint> found = MakeOpenCvDetector("sift")->Detect(
        pyramid_, options_.max_blocking_sift);
    keypoints.insert(keypoints.end(), found.begin(), found.end());
    NonKeypointOptions drawing;
    drawing.count =
        std::min(options_.max_negatives, static_cast<int>(scales.size()));
    drawing.max_overlap = options_.max_overlap;
    drawing.border = options_.places.half_width * std::numbers::sqrt2;
    return DrawNonKeypoints(keypoints, scales, pyramid_.width(),
                            pyramid_.height(), drawing, random);
  }

 private:
  const ImagePyramid& pyramid_;
  const SfmQuadrupletOptions& options_;
  PatchGeometry geometry_;
};

}  // namespace

ShardHead SfmQuadrupletHead(const ColmapModel& model,
                            const SfmQuadrupletOptions& options,
                            uint64_t seed) {
  ShardHead head;
  head.kind = "quadruplets";
  head.patch_size = options.patch_size;
  head.support = options.support;
  head.seed = seed;
  for (const auto& entry : model.images) {
    head.photographs.push_back(entry.second.name);
  }
  const SfmPlaceOptions& places = options.places;
  head.settings = {{"from", "COLMAP model"},
                   {"min_sigma", places.min_sigma},
                   {"max_sigma", places.max_sigma},
                   {"min_distance", places.min_distance},
                   {"border", places.half_width},
                   {"max_negatives", options.max_negatives},
                   {"max_overlap", options.max_overlap},
                   {"max_blocking_sift", options.max_blocking_sift},
                   {"project", places.project}};
  if (places.project) {
    head.settings["max_view_angle"] = places.max_view_angle;
    head.settings["depth"] = places.depth ? "depth maps" : "neighbours";
  }
  return head;
}

int AddSfmQuadruplets(const ColmapModel& model, const ReadSfmPhotograph& read,
                      const SfmQuadrupletOptions& options, uint64_t seed,
                      SplitShards& shards) {
  const std::vector<SfmPlace> places =
      FindSfmPlaces(model, read, options.places);
  const std::map<int, ImageRole> roles = RolesOf(model, seed);
  const std::vector<bool> kept = KeptPlaces(places, roles);
  for (const auto& [image_id, some] : PlacesByImage(places)) {
    const auto [split, position] = roles.at(image_id);
    std::vector<ShardSample> samples;
    std::vector<Keypoint> keypoints;
    std::vector<float> scales;
    for (const int i : some) {
      const Keypoint k = ToKeypoint(places[i]);
      keypoints.push_back(k);
      if (!kept[i]) continue;
      scales.push_back(k.scale);
      samples.push_back(
          {places[i].point3D_id, position, k.x, k.y, k.scale, k.angle});
    }
    if (samples.empty()) continue;
    const ImagePyramid pyramid = ReadSfmPyramid(model, image_id, read);
    const PhotographCutter cutter(pyramid, options);
    Random random(StreamSeed(seed, position + 1));
    for (const Keypoint& k : cutter.Negatives(keypoints, scales, random)) {
      samples.push_back({-1, position, k.x, k.y, k.scale, 0});
    }
    cutter.Add(samples, split, shards);
  }
  return static_cast<int>(std::count(kept.begin(), kept.end(), true));
}

}  // namespace tiepoint
