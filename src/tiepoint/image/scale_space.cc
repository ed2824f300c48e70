// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/scale_space.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tiepoint/image/filter.h"

namespace tiepoint {

std::string ScaleSpaceOptions::Validate() const {
  if (!(first_scale >= 0.5 && first_scale <= 64)) {
    return "first_scale must be between 0.5 and 64";
  }
  if (!(last_scale >= first_scale && last_scale <= 512)) {
    return "last_scale must be between first_scale and 512";
  }
  if (levels_per_octave < 1 || levels_per_octave > 16) {
    return "levels_per_octave must be between 1 and 16";
  }
  return "";
}

std::vector<double> ScaleSpaceOptions::Scales() const {
  std::vector<double> scales;
  const int count = static_cast<int>(std::floor(
      std::log2(last_scale / first_scale) * levels_per_octave + 1e-6));
  for (int k = 0; k <= count; ++k) {
    scales.push_back(first_scale *
                     std::exp2(static_cast<double>(k) / levels_per_octave));
  }
  return scales;
}

ScaleLevel MakeScaleLevel(const ImagePyramid& pyramid, double scale) {
  return ScaleLevels(pyramid).Next(scale);
}

LevelPlan LevelPlanner::Next(double scale) {
  if (scale < last_scale_) throw std::logic_error("levels go up in scale");
  last_scale_ = scale;
  LevelPlan level;
  level.scale = scale;
  level.spacing = scale / kPixelsPerScale;
  // The coarsest octave that is still finer than the level.
  level.octave =
      std::clamp(static_cast<int>(std::floor(std::log2(level.spacing))), 0,
                 NumOctavesOf(width_, height_) - 1);
  level.octave_spacing = level.spacing / std::exp2(level.octave);
  level.begins = level.octave != octave_;
  if (level.begins) {
    octave_ = level.octave;
    variance_ = kCameraBlur * kCameraBlur;
  }
  const double variance = level.octave_spacing * level.octave_spacing;
  if (const double missing = variance - variance_; missing > 0.01) {
    level.blur = std::sqrt(missing);
    variance_ = variance;
  }
  int width = width_;
  level.octave_height = height_;
  for (int k = 0; k < level.octave; ++k) {
    width = ResampledSize(width, 2);
    level.octave_height = ResampledSize(level.octave_height, 2);
  }
  level.width = ResampledSize(width, level.octave_spacing);
  level.height = ResampledSize(level.octave_height, level.octave_spacing);
  return level;
}

ScaleLevel ScaleLevels::Next(double scale) {
  const LevelPlan plan = planner_.Next(scale);
  if (plan.begins) blurred_ = {};
  const GrayImage& octave = pyramid_.Octave(plan.octave);
  if (plan.blur > 0) {
    blurred_ = GaussianBlur(blurred_.Empty() ? octave : blurred_, plan.blur);
  }
  ScaleLevel level;
  level.scale = plan.scale;
  level.spacing = plan.spacing;
  level.image =
      Resample(blurred_.Empty() ? octave : blurred_, plan.octave_spacing);
  return level;
}

ScaleStrip::ScaleStrip(const ImagePyramid& pyramid,
                       const std::vector<LevelPlan>& levels,
                       std::vector<RowRange> wanted)
    : pyramid_(pyramid),
      levels_(levels),
      wanted_(std::move(wanted)),
      needed_(BlurredRows(levels, wanted_)) {}

std::vector<RowRange> ScaleStrip::BlurredRows(
    const std::vector<LevelPlan>& levels, const std::vector<RowRange>& wanted) {
  std::vector<RowRange> needed(levels.size());
  for (size_t k = levels.size(); k-- > 0;) {
    const LevelPlan& level = levels[k];
    needed[k] =
        RowsToResample(wanted[k], level.octave_spacing, level.octave_height);
    if (k + 1 < levels.size() && !levels[k + 1].begins) {
      needed[k] = Join(needed[k], RowsToBlur(needed[k + 1], levels[k + 1].blur,
                                             level.octave_height));
    }
  }
  return needed;
}

GrayImage ScaleStrip::Next() {
  const LevelPlan& level = levels_[next_];
  const RowRange needed = needed_[next_];
  if (level.begins) octave_ = ViewOf(pyramid_.Octave(level.octave));
  if (level.blur > 0 && !needed.Empty()) {
    blurred_ = BlurRows(octave_, level.blur, needed);
    octave_ = ViewOf(blurred_, needed.first, level.octave_height);
  }
  return ResampleRows(octave_, level.octave_spacing, wanted_[next_++]);
}

}  // namespace tiepoint
