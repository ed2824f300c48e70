// SPDX-License-Identifier: Apache-2.0
#include "training/warp_quadruplets.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/image/patch.h"
#include "training/non_keypoints.h"
#include "training/training_points.h"

namespace tiepoint {
namespace {

constexpr int kMaxDetections = 600;  // a view

struct CutSample {
  ShardSample sample;
  std::vector<uint8_t> patch;
};

struct DetectedView {
  ImagePyramid pyramid;
  std::vector<Keypoint> points;
  Homography source_from_view;

  DetectedView(const GrayImage& image, const Homography& map,
               const WarpQuadrupletOptions& options)
      : pyramid(image),
        points(FindHessianPoints(
            MakeScaleLevels(pyramid,
                            {options.min_sigma, 2 * options.max_sigma, 5}),
            kMaxDetections, SparseMaxima())),
        source_from_view(map) {}
};

// The samples of one pair of views.
class PairCutter {
 public:
  PairCutter(const ViewPair& views, const WarpQuadrupletOptions& options,
             int photograph, int64_t first_point, Random& random)
      : views_(views),
        options_(options),
        first_(views.first, views.source_from_first, options),
        second_(
            views.second,
            Compose(views.source_from_first, Inverse(views.second_from_first)),
            options),
        photograph_(photograph),
        point_(first_point),
        random_(random) {
    geometry_.size = options.patch_size;
    geometry_.support = options.support;
  }

  std::vector<CutSample> Cut() {
    std::vector<float> scales;
    PointOptions choice;
    choice.border = Border();
    for (const PointInViews& p : FindPointsInViews(
             views_, first_.points, second_.points, choice, random_)) {
      if (static_cast<int>(scales.size()) == options_.max_points) break;
      if (!p.repeated || !HasSize(p.first) || !HasSize(p.second)) continue;
      Add(first_, p.first, point_);
      Add(second_, p.second, point_++);
      scales.push_back(p.first.scale);
    }
    AddNegatives(first_, scales);
    AddNegatives(second_, scales);
    return std::move(samples_);
  }

 private:
  // A patch may be turned by whoever trains.
  // What of wider patches lies outside is filled by reflection: large squares
  // fit into few photographs.
  double Border() const {
    return std::min(options_.support, 12.0) * std::numbers::sqrt2;
  }

  bool HasSize(const Keypoint& k) const {
    return k.scale >= options_.min_sigma && k.scale <= options_.max_sigma;
  }

  void Add(const DetectedView& view, const Keypoint& k, int64_t point) {
    CutSample cut{{point, photograph_, k.x, k.y, k.scale, k.angle}, {}};
    cut.patch.resize(static_cast<size_t>(geometry_.size) * geometry_.size);
    SampleBytes(view.pyramid, k.x, k.y, k.scale, 0, geometry_,
                cut.patch.data());
    samples_.push_back(std::move(cut));
  }

  void AddNegatives(const DetectedView& view,
                    const std::vector<float>& scales) {
    NonKeypointOptions drawing;
    drawing.count = static_cast<int>(scales.size());
    drawing.max_overlap = options_.max_overlap;
    drawing.border = Border();
    for (const Keypoint& k :
         DrawNonKeypoints(view.points, scales, view.pyramid.width(),
                          view.pyramid.height(), drawing, random_)) {
      if (IsInPhotograph(view, k)) Add(view, k, -1);
    }
  }

  // Not in the mirrored surroundings.
  bool IsInPhotograph(const DetectedView& view, Keypoint k) const {
    k.scale = 0.1f;
    const auto at = MapKeypoint(view.source_from_view, k);
    return at && at->x >= 0 && at->y >= 0 &&
           at->x <= static_cast<float>(views_.source_width - 1) &&
           at->y <= static_cast<float>(views_.source_height - 1);
  }

  const ViewPair& views_;
  const WarpQuadrupletOptions& options_;
  DetectedView first_, second_;
  int photograph_;
  int64_t point_;
  Random& random_;
  PatchGeometry geometry_;
  std::vector<CutSample> samples_;
};

}  // namespace

ShardHead WarpQuadrupletHead(const std::vector<std::string>& names,
                             const WarpQuadrupletOptions& options,
                             uint64_t seed) {
  ShardHead head;
  head.kind = "quadruplets";
  head.patch_size = options.patch_size;
  head.support = options.support;
  head.seed = seed;
  head.photographs = names;
  head.settings = {{"from", "warps"},
                   {"pairs", options.pairs},
                   {"max_points", options.max_points},
                   {"min_sigma", options.min_sigma},
                   {"max_sigma", options.max_sigma},
                   {"max_overlap", options.max_overlap},
                   {"view_width", options.views.width},
                   {"view_height", options.views.height},
                   {"max_tilt", options.views.max_tilt},
                   {"max_log2_zoom", options.views.max_log2_zoom},
                   {"appearance", options.views.appearance}};
  return head;
}

void AddWarpQuadruplets(const PhotographStore& photographs,
                        const WarpQuadrupletOptions& options, uint64_t seed,
                        SplitShards& shards,
                        const std::function<void(int)>& done) {
  constexpr int kAtOnce = 16;  // pairs whose patches are in memory
  const std::vector<Split> splits = SplitPhotographs(photographs.Size(), seed);
  const int jobs = photographs.Size() * options.pairs;
  for (int begin = 0; begin < jobs; begin += kAtOnce) {
    std::vector<std::vector<CutSample>> cut(std::min(kAtOnce, jobs - begin));
    ParallelFor(static_cast<int>(cut.size()), [&](int i) {
      const int job = begin + i;
      Random random(StreamSeed(seed, job + 1));
      const int photograph = job / options.pairs;
      const ViewPair views =
          MakeViewPair(photographs, photograph, options.views, random);
      const int64_t first_point = int64_t{job} * options.max_points;
      cut[i] =
          PairCutter(views, options, photograph, first_point, random).Cut();
    });
    for (const auto& samples : cut) {
      for (const CutSample& s : samples) {
        shards.Add(splits[s.sample.photograph], s.sample, s.patch);
      }
    }
    done((begin + static_cast<int>(cut.size())) / options.pairs);
  }
}

}  // namespace tiepoint
