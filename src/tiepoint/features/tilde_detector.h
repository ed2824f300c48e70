// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tiepoint/features/interfaces.h"
#include "tiepoint/network/filter_bank.h"
#include "tiepoint/network/model_file.h"

namespace tiepoint {

// The regressor of TILDE: generalised hinging hyperplanes,
//   F = sum over n of (-1, +1, -1, +1, ...)_n
//       max over m of (filter_nm . window + bias_nm).
// The signs are the opposite of LayerSpec::kGhh's.
struct TildeFilters {
  // The picture is resized by this factor first.
  double resize_ratio = 1;
  int sums = 4;      // n
  int maxes = 4;     // m
  int channels = 6;  // 6: GradLuv; 1: gray, 0..255
  int size = 21;     // pixels a side of the window, odd
  // (n, m, channel, row, column), correlated with the channels as they are;
  // what files leave out (a factor of 441) is in them already.
  std::vector<double> filters;
  std::vector<double> bias;  // (n, m)

  // Empty when usable, else one sentence.
  std::string Validate() const;
};

// The filters of a model of the architecture "tilde" (`tiepoint train tilde`):
// conv.weight (16, 6, 21, 21), conv.bias, then kGhh, whose signs begin with +.
// Throws InputError for another model.
TildeFilters TildeFiltersOf(const Model& model);

// TILDE (Verdie, Yi, Fua, Lepetit: "TILDE: A Temporally Invariant Learned
// DEtector", CVPR 2015): a score at every pixel of the photograph at its own
// scale, blurred by a Gaussian of 2 pixels cut to 21 x 21; keypoints are the
// pixels above their 8 neighbours. No sub-pixel step, no angle. `scale` is
// always 10: the radius of a keypoint in the authors' evaluation. Scores have
// no absolute meaning (1e-9 for some scenes, 1e-4 for others).
class TildeDetector : public Detector {
 public:
  // Throws InputError when the filters cannot be used.
  explicit TildeDetector(TildeFilters filters);

  std::vector<Keypoint> Detect(const ImagePyramid& pyramid,
                               int max_keypoints) const override;
  bool NeedsColour() const override;

  // The blurred scores, divided by ScoreUnit(): for tests and pictures. Its
  // size is the photograph's times resize_ratio.
  GrayImage ScoreMap(const ImagePyramid& pyramid) const;
  // The largest weight. Filters are divided by it, because those of some scenes
  // are too small (1e-15) for the arithmetic of floats.
  double ScoreUnit() const { return unit_; }

 private:
  std::vector<GrayImage> Channels(const ImagePyramid& pyramid) const;

  TildeFilters filters_;
  double unit_ = 1;
  std::vector<double> sums_;  // of each filter over its window, by channel
  std::optional<FilterBank> bank_;
};

}  // namespace tiepoint
