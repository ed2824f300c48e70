// SPDX-License-Identifier: Apache-2.0
// The levels on which detectors run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tiepoint/image/gray_image.h"
#include "tiepoint/image/pyramid.h"

namespace tiepoint {

// Level pixels per sigma: the 48-pixel detector patch of LIFT spans 24 sigma
// corner to corner, ((48 - 1) / 2) / 12 (spec: resize = 1.9583 / scale).
inline constexpr double kPixelsPerScale = 23.5 / 12.0;

struct ScaleSpaceOptions {
  // Scale (sigma, image pixels) of the finest and the coarsest level. LIFT: 1
  // (2 when the shorter side exceeds 1600 pixels) and 16. Here the finest level
  // has the photograph's own pixels: below it, where a level is an enlarged
  // photograph, fewer of the strongest keypoints are matched in another light
  // (docs/experiments.md, section 5).
  double first_scale = kPixelsPerScale;
  double last_scale = 16.0;
  // Steps of scale in one octave. LIFT: 5.
  int levels_per_octave = 4;

  // Empty when the options can be used, else one sentence.
  std::string Validate() const;
  // scale_k = first_scale * 2^(k / levels_per_octave) up to last_scale.
  std::vector<double> Scales() const;
};

// One level: the photograph at `spacing` = scale / kPixelsPerScale image pixels
// a pixel. The spacing is exact, never rounded to make the size an integer.
// Its blur is one level pixel at every scale, so levels differ in scale alone
// (LIFT resizes bilinearly from full resolution, which aliases above scale 2).
struct ScaleLevel {
  GrayImage image;
  double scale = 1;
  double spacing = 1;

  double ImageFromLevel(double v) const { return (v + 0.5) * spacing - 0.5; }
  double LevelFromImage(double v) const { return (v + 0.5) / spacing - 0.5; }
};

ScaleLevel MakeScaleLevel(const ImagePyramid& pyramid, double scale);

// The levels of one pyramid, finest first: those of MakeScaleLevel, but each is
// blurred further from the one before of the same octave, by smaller kernels.
// Blurs add up but for the kernels, which are sampled and end somewhere: white
// noise comes out the same within half a hundredth of its range.
class ScaleLevels {
 public:
  // `pyramid` outlives this.
  explicit ScaleLevels(const ImagePyramid& pyramid) : pyramid_(pyramid) {}
  // Throws std::logic_error when `scale` is finer than that of the last call.
  ScaleLevel Next(double scale);

 private:
  const ImagePyramid& pyramid_;
  double last_scale_ = 0;
  int octave_ = -1;
  GrayImage blurred_;    // the octave
  double variance_ = 0;  // of its blur, octave pixels squared
};

}  // namespace tiepoint
