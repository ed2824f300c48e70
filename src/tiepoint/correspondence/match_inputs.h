// SPDX-License-Identifier: Apache-2.0
// What a correspondence network is told about the matches of two images.
#pragma once

#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/geometry/two_view.h"
#include "tiepoint/matching/matcher.h"
#include "tiepoint/network/match_row.h"

namespace tiepoint {

// Numbers a match.
inline constexpr int kCoordinateInputs = 4;
inline constexpr int kSideInputs = kMatchRow;

struct MatchInputs {
  int columns = kCoordinateInputs;
  std::vector<PointPair> normalized;  // on the plane Z = 1 of each camera
  // Matches x columns:
  //   0..3  x1, y1, x2, y2, normalised
  //   4     ratio, 0..1 (small: much better than the second best)
  //   5     reverse ratio, 0..2 (below 1: mutual)
  //   6     log of the ratio of the keypoints' sizes as angles of view,
  //         (scale2 / f2) / (scale1 / f1), -3..3; f is the mean of fx and fy
  //   7, 8  cosine and sine of angle2 - angle1
  std::vector<float> values;
};

// `columns`: kCoordinateInputs or kSideInputs; matches with side information
// are those of MatchMutually. Numbers that are not finite go through: the
// network gives such a match weight 0. Throws InputError when a match names a
// keypoint that is not there, a camera is not usable, or for other `columns`.
MatchInputs MakeMatchInputs(const FeatureSet& first, const FeatureSet& second,
                            const std::vector<Match>& matches,
                            const PinholeCamera& camera1,
                            const PinholeCamera& camera2, int columns);

// A camera of which only the photograph's size is known: the focal length 1.2
// times the longer side (COLMAP's guess), the principal point in the middle.
// Throws InputError when a side is not above 0.
PinholeCamera GuessedCamera(int width, int height);

}  // namespace tiepoint
