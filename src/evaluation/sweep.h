// SPDX-License-Identifier: Apache-2.0
// Photographs against themselves turned (`rotation`) or resized (`scale`): how
// far features follow a change that is known exactly. Mutual nearest
// neighbours; correct means within 3 pixels of the warped picture.
//   precision  correct / matches
//   recall     correct / keypoints of the photograph that have one of the
//              warped picture within 3 pixels of where they went
//   angle error  median over the correct matches of |angle2 - angle1 - turn|
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evaluation/filtered_matcher.h"
#include "evaluation/planar_pair.h"
#include "evaluation/protocol.h"
#include "tiepoint/matching/matcher.h"

namespace tiepoint {

struct SweepScore {
  double keypoints = 0;  // of the warped picture
  double matches = 0;
  double correct = 0;
  double precision = 0;             // 0 without matches
  double recall = 0;                // 0 where nothing can be found
  double repeatability = 0;         // TwoWayDistances at 3 px
  double angle_error = kUndefined;  // degrees; undefined without correct ones
};

// `turn`: radians that the warp turns.
SweepScore ScoreSweep(const PlanarPair& pair, const std::vector<Match>& matches,
                      double turn);

// The largest share of keypoints in one of the 12 bins [-180, -150), ...
// degrees of their angles; 0 without keypoints. An orientation that does not
// look at the picture fills one bin.
double FullestAngleBin(std::span<const Keypoint> keypoints);

struct RotationOptions {
  double step = 15;           // degrees from turn to turn, from 0 to below 360
  int max_image_size = 1024;  // longer side of the photographs; 0: as stored
  bool one_a_set = false;     // only the first photograph of each set
  FilteredMatcherOptions matching{};
};

struct ScaleOptions {
  // Pixels of the resized picture a pixel of the photograph.
  std::vector<double> factors = {0.25, 0.35, 0.5, 0.71, 0.84, 1,
                                 1.19, 1.41, 2,   2.83, 4};
  int max_image_size = 1024;
  bool one_a_set = false;
  FilteredMatcherOptions matching{};
};

// `paths`: photographs, or folders of which each sequence gives its first
// (FindScenePhotographs, whose errors they throw; InputError for steps and
// factors out of range). Feature files cannot be swept.
std::unique_ptr<Protocol> MakeRotationProtocol(
    const std::vector<std::string>& paths, const RotationOptions& options = {});
std::unique_ptr<Protocol> MakeScaleProtocol(
    const std::vector<std::string>& paths, const ScaleOptions& options = {});

}  // namespace tiepoint
