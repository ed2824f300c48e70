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

ScaleLevel ScaleLevels::Next(double scale) {
  if (scale < last_scale_) throw std::logic_error("levels go up in scale");
  last_scale_ = scale;
  ScaleLevel level;
  level.scale = scale;
  level.spacing = scale / kPixelsPerScale;
  // The coarsest octave that is still finer than the level.
  const int octave =
      std::clamp(static_cast<int>(std::floor(std::log2(level.spacing))), 0,
                 pyramid_.NumOctaves() - 1);
  const double spacing = level.spacing / std::exp2(octave);  // octave pixels
  const bool begins = octave != octave_;
  if (begins) {
    octave_ = octave;
    variance_ = kCameraBlur * kCameraBlur;
  }
  const GrayImage& before = begins ? pyramid_.Octave(octave) : blurred_;
  const double missing = spacing * spacing - variance_;
  if (missing > 0.01) {
    blurred_ = GaussianBlur(before, std::sqrt(missing));
    variance_ = spacing * spacing;
  } else if (begins) {
    blurred_ = before;
  }
  level.image = Resample(blurred_, spacing);
  return level;
}

}  // namespace tiepoint
