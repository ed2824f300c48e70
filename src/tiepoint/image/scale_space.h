// SPDX-License-Identifier: Apache-2.0
// The levels on which detectors run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tiepoint/image/gray_image.h"
#include "tiepoint/image/pyramid.h"
#include "tiepoint/image/rows.h"

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

// How a level is made.
struct LevelPlan {
  double scale = 1;
  double spacing = 1;
  int octave = 0;
  double octave_spacing = 1;  // octave pixels a level pixel
  // Whether the octave is blurred, or the blurred octave of the level before
  // once more; by this sigma, octave pixels (0: not at all).
  bool begins = true;
  double blur = 0;
  int width = 0, height = 0;  // of the level
  int octave_height = 0;
};

// Plans levels of one picture, finest first.
class LevelPlanner {
 public:
  LevelPlanner(int width, int height) : width_(width), height_(height) {}
  // Throws std::logic_error when `scale` is finer than that of the last call.
  LevelPlan Next(double scale);

 private:
  int width_, height_;
  double last_scale_ = 0;
  int octave_ = -1;
  double variance_ = 0;  // of the blurred octave, octave pixels squared
};

// The levels of one pyramid, finest first: those of MakeScaleLevel, but each is
// blurred further from the one before of the same octave, by smaller kernels.
// Blurs add up but for the kernels, which are sampled and end somewhere: white
// noise comes out the same within half a hundredth of its range.
class ScaleLevels {
 public:
  // `pyramid` outlives this.
  explicit ScaleLevels(const ImagePyramid& pyramid)
      : pyramid_(pyramid), planner_(pyramid.width(), pyramid.height()) {}
  // Throws std::logic_error when `scale` is finer than that of the last call.
  ScaleLevel Next(double scale);

 private:
  const ImagePyramid& pyramid_;
  LevelPlanner planner_;
  GrayImage blurred_;  // the octave; empty: as it is
};

// Some rows of the levels that ScaleLevels gives, to the last bit, from what
// little of the octaves they need.
class ScaleStrip {
 public:
  // `wanted`: rows of each of `levels` (of one LevelPlanner, from its first
  // on). `pyramid` and `levels` outlive this.
  ScaleStrip(const ImagePyramid& pyramid, const std::vector<LevelPlan>& levels,
             std::vector<RowRange> wanted);
  // The wanted rows of the first level, then of the second, ...
  GrayImage Next();

  // The rows of each level's blurred octave that are needed.
  static std::vector<RowRange> BlurredRows(const std::vector<LevelPlan>& levels,
                                           const std::vector<RowRange>& wanted);

 private:
  const ImagePyramid& pyramid_;
  const std::vector<LevelPlan>& levels_;
  std::vector<RowRange> wanted_, needed_;
  size_t next_ = 0;
  GrayImage blurred_;  // rows of the octave
  RowsView octave_;  // those of it, or of the pyramid where nothing is blurred
};

}  // namespace tiepoint
