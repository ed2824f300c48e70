// SPDX-License-Identifier: Apache-2.0
// The answer for eyes.
#pragma once

#include <string>

#include "tiepoint/pipeline/match_photographs.h"

namespace tiepoint {

struct DrawOptions {
  bool keypoints = false;  // all keypoints: circle of radius 2 scale, angle
  bool outliers = false;   // faint, red
  // Every match has a dot in both photographs in the colour of its weight (red:
  // 0, yellow, green: 1), instead of the dots and lines of the inliers.
  bool weights = false;
  // At most this many inliers are joined by lines, those of the highest
  // similarity and well spread; all get their dots.
  int max_lines = 150;
  int height = 720;      // of the photographs in the picture, pixels
  int max_width = 2400;  // of the picture
};

// A PNG: both photographs side by side, inliers joined in green, a caption with
// the counts. `report` must come from MatchPhotographs with keep_colour.
std::string DrawMatches(const MatchReport& report, const DrawOptions& options);

}  // namespace tiepoint
