// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "tiepoint/features/interfaces.h"
#include "tiepoint/features/score_maps.h"
#include "tiepoint/features/score_strips.h"
#include "tiepoint/image/scale_space.h"
#include "tiepoint/network/inference_network.h"

namespace tiepoint {

struct LiftDetectorOptions {
  ScaleSpaceOptions scales;
  MaximaOptions maxima;
  // Half width, in sigma, of the square that must lie inside the image for a
  // keypoint to be kept. LIFT drops every point whose square of sqrt(2) * 12
  // sigma leaves the image; 6 keeps those whose descriptor's centre crop is
  // inside (the rest is filled by reflection).
  double border = 6.0;
  // Score maps are blurred with this sigma (level pixels) before maxima are
  // looked for: more keypoints are matched, at the same exactness
  // (docs/experiments.md, section 6). Scales are those of the structures, the
  // widening of the filters by the blur taken out.
  double score_blur = 0.7;
  // A keypoint's score is what the network answers beyond its answer to a
  // picture without any structure, times scale^score_scale_power. Below 0 the
  // small ones, whose places are more exact, come first
  // (docs/experiments.md, section 7).
  double score_scale_power = -0.35;

  std::string Validate() const;
};

// What suits a detector on jets (network/jet.h), which is cheap enough to look
// at an enlarged photograph: levels from half an octave below the pixels on,
// two an octave, and a preference for large keypoints, which photographs at
// another scale have, too (docs/experiments.md, section 10).
LiftDetectorOptions JetDetectorOptions();

// The detector of LIFT (Yi et al., ECCV 2016): a 25 x 25 filter bank with a GHH
// on every level of a scale space, then maxima over position and scale.
class LiftDetector : public Detector {
 public:
  LiftDetector(Model model, const LiftDetectorOptions& options);
  std::vector<Keypoint> Detect(const ImagePyramid& pyramid,
                               int max_keypoints) const override;
  std::optional<int64_t> LeastMemory(int width, int height) const override;
  std::vector<Keypoint> DetectWithin(int64_t bytes, const ImagePyramid& pyramid,
                                     int max_keypoints) const override;

  // One score map a level, before the blur and the maxima: for tests and
  // pictures.
  std::vector<ScoreMap> ScoreMaps(const ImagePyramid& pyramid) const;

 private:
  ScoreStrips Strips(int width, int height) const;
  // Of so many promising maxima (0: all).
  MaximaBudget Budget(int promising) const;
  // Of the maxima that were found those whose border is inside the image,
  // strongest first.
  std::vector<Keypoint> Inside(const ImagePyramid& pyramid,
                               const MaximaSearch& search) const;

  InferenceNetwork network_;
  LiftDetectorOptions options_;
  int context_;
  float flat_score_ = 0;  // of a picture without structure
};

}  // namespace tiepoint
