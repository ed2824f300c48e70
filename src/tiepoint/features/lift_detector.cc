// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/lift_detector.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/image/filter.h"
#include "tiepoint/image/jet_scale_space.h"
#include "tiepoint/network/jet.h"

namespace tiepoint {
namespace {

// Levels whose shorter side is not larger hold no keypoint (as LIFT).
constexpr int kMinLevelSide = 26;

// So many maxima for a keypoint that is wanted: some are on edges, at the
// border, or twins.
constexpr int kLookedAt = 3;

// Level pixels that one score sees, minus one: what a valid convolution takes.
// Throws InputError when the network is no detector.
int ContextOf(const Model& model) {
  const NetworkSpec& spec = model.spec;
  const auto fail = [&](const std::string& why) -> int {
    throw InputError("network '" + spec.architecture +
                     "' is not a detector: " + why);
  };
  int context = 0;
  for (const LayerSpec& layer : spec.layers) {
    if (layer.type == LayerSpec::Type::kJet) context += 2 * kJetReach;
    if (layer.type != LayerSpec::Type::kConv) continue;
    if (layer.stride != 1 || layer.padding != 0) {
      return fail("convolutions must have stride 1 and no padding");
    }
    context += layer.kernel - 1;
  }
  if (context % 2 != 0) return fail("a score has no centre pixel");
  const Shape& in = spec.input;
  const Shape out = OutputShape(spec);
  if (in.channels != 1) return fail("it does not take gray images");
  if (out != Shape{1, in.height - context, in.width - context}) {
    return fail("it does not give one score a pixel");
  }
  if (model.per_patch || !model.pixel_mean.empty()) {
    return fail("its input is normalised patch by patch");
  }
  return context;
}

}  // namespace

std::string LiftDetectorOptions::Validate() const {
  if (const std::string why = scales.Validate(); !why.empty()) return why;
  if (!(border >= 0 && border <= 100)) {
    return "border must be between 0 and 100 sigma";
  }
  if (!(score_blur >= 0 && score_blur <= 8)) {
    return "score_blur must be between 0 and 8 level pixels";
  }
  if (!(std::abs(score_scale_power) <= 4)) {
    return "score_scale_power must be between -4 and 4";
  }
  return "";
}

LiftDetectorOptions JetDetectorOptions() {
  LiftDetectorOptions options;
  options.scales = JetScaleSpace();
  options.score_scale_power = 0.2;
  return options;
}

LiftDetector::LiftDetector(Model model, const LiftDetectorOptions& options)
    : network_(std::move(model)),
      options_(options),
      context_(ContextOf(network_.model())) {
  const int side = context_ + 1;
  if (const std::string why = options.Validate(); !why.empty()) {
    throw InputError(why);
  }
  // The mean of photographs: 0 once it is normalised.
  const std::vector<float> flat(static_cast<size_t>(side) * side, 0.0f);
  int width = 0, height = 0;
  flat_score_ =
      network_.RunDense(flat.data(), side, side, &width, &height).front();
}

std::vector<ScoreMap> LiftDetector::ScoreMaps(
    const ImagePyramid& pyramid) const {
  std::vector<ScoreMap> maps;
  ScaleLevels levels(pyramid);
  for (const double scale : options_.scales.Scales()) {
    ScaleLevel level = levels.Next(scale);
    GrayImage& image = level.image;
    const int side = std::min(image.width, image.height);
    if (side <= std::max(kMinLevelSide, context_)) break;  // coarser: smaller
    NormalizeInput(network_.model(), image.pixels.data(),
                   static_cast<int>(image.pixels.size()));
    ScoreMap map;
    map.scale = level.scale;
    map.spacing = level.spacing;
    map.offset = context_ / 2;
    map.scores.pixels =
        network_.RunDense(image.pixels.data(), image.width, image.height,
                          &map.scores.width, &map.scores.height);
    maps.push_back(std::move(map));
  }
  return maps;
}

ScoreStrips LiftDetector::Strips(int width, int height) const {
  return ScoreStrips(width, height, network_,
                     {.scales = options_.scales.Scales(),
                      .min_level_side = kMinLevelSide,
                      .context = context_,
                      .score_blur = options_.score_blur,
                      .maxima = options_.maxima});
}

std::optional<int64_t> LiftDetector::LeastMemory(int width, int height) const {
  return Strips(width, height).LeastBytes();
}

std::vector<Keypoint> LiftDetector::Detect(const ImagePyramid& pyramid,
                                           int max_keypoints) const {
  return DetectWithin(std::numeric_limits<int64_t>::max(), pyramid,
                      max_keypoints);
}

std::vector<Keypoint> LiftDetector::DetectWithin(int64_t bytes,
                                                 const ImagePyramid& pyramid,
                                                 int max_keypoints) const {
  const ScoreStrips strips = Strips(pyramid.width(), pyramid.height());
  const int count = strips.CountWithin(std::min(bytes, strips.UsefulBytes()));
  const int num_strips = count > 0 ? count : strips.CountWithin(bytes);
  if (num_strips == 0) throw std::logic_error("less than the least memory");

  std::vector<ScoreMap> maps;
  std::vector<RowRange> owned;
  const auto search_all = [&](int promising) {
    MaximaSearch search(options_.maxima, Budget(promising));
    for (int i = 0; i < num_strips; ++i) {
      // The maps of the only strip are there still, the second time.
      if (num_strips > 1 || maps.empty()) {
        maps.clear();
        maps = strips.Make(pyramid, i, num_strips, &owned);
      }
      search.Add(maps, owned);
    }
    return search;
  };
  // The promising maxima alone, or all where these leave too few.
  constexpr int kLargest = std::numeric_limits<int>::max() / kLookedAt;
  const int promising =
      max_keypoints > kLargest ? 0 : kLookedAt * max_keypoints;
  const MaximaSearch search = search_all(promising);
  std::vector<Keypoint> keypoints = Inside(pyramid, search);
  if (!search.Complete() &&
      static_cast<int>(keypoints.size()) < max_keypoints) {
    keypoints = Inside(pyramid, search_all(0));
  }
  KeepStrongest(keypoints, max_keypoints);
  return keypoints;
}

MaximaBudget LiftDetector::Budget(int promising) const {
  return {.count = promising,
          .base = flat_score_,
          .scale_power = options_.score_scale_power};
}

std::vector<Keypoint> LiftDetector::Inside(const ImagePyramid& pyramid,
                                           const MaximaSearch& search) const {
  std::vector<Keypoint> keypoints = search.Keypoints();
  // The blur widens the filters, so a structure is found on a finer level.
  const auto widening =
      static_cast<float>(std::hypot(1, options_.score_blur / kPixelsPerScale));
  for (Keypoint& k : keypoints) {
    k.scale *= widening;
    k.score = (k.score - flat_score_) *
              static_cast<float>(std::pow(k.scale, options_.score_scale_power));
  }
  SortByScore(keypoints);
  // The outermost pixels reach half a pixel beyond their centres.
  const double right = pyramid.width() - 0.5, bottom = pyramid.height() - 0.5;
  std::erase_if(keypoints, [&](const Keypoint& k) {
    const double reach = options_.border * k.scale;
    return k.x - reach < -0.5 || k.y - reach < -0.5 || k.x + reach > right ||
           k.y + reach > bottom;
  });
  return keypoints;
}

}  // namespace tiepoint
