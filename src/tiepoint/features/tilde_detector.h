// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "tiepoint/features/interfaces.h"
#include "tiepoint/features/separable_tilde.h"
#include "tiepoint/features/tilde_filters.h"
#include "tiepoint/network/filter_bank.h"
#include "tiepoint/network/separable_bank.h"

namespace tiepoint {

// TILDE (Verdie, Yi, Fua, Lepetit: "TILDE: A Temporally Invariant Learned
// DEtector", CVPR 2015): a score at every pixel of the photograph at its own
// scale, blurred by a Gaussian of 2 pixels cut to 21 x 21; keypoints are the
// pixels above their 8 neighbours. No sub-pixel step, no angle. `scale` is
// always 10: the radius of a keypoint in the authors' evaluation. Scores have
// no absolute meaning (1e-9 for some scenes, 1e-4 for others).
class TildeDetector : public Detector {
 public:
  // By Fourier transforms of tiles, whatever the filters are. Throws InputError
  // when they cannot be used.
  explicit TildeDetector(const TildeFilters& filters);
  // The same scores as those of DenseTilde(filters), line by line: less work
  // for up to about kFewProducts of them.
  explicit TildeDetector(const SeparableTilde& filters);
  static constexpr int kFewProducts = 40;  // of all channels

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
  struct Source;
  struct Workspace;

  // What both constructors need of the filters.
  void Prepare(const TildeFilters& filters);
  // Scores before the blur, with the rows above and below that it reads.
  GrayImage RawScores(const ImagePyramid& pyramid) const;
  void LoadChannels(const Source& source, int x0, int y0, int width, int height,
                    Workspace& work) const;
  void RunBank(Workspace& work,
               const std::function<void(const float*)>& visit) const;

  double resize_ratio_ = 1;
  int channels_ = 0;
  int radius_ = 0;  // of windows
  double unit_ = 1;
  std::vector<float> bias_;  // for channels less their middles
  // One of them.
  std::optional<FilterBank> bank_;
  FilterBank::Hinges hinges_;
  std::optional<SeparableBank> lines_;
};

}  // namespace tiepoint
