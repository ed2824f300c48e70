// SPDX-License-Identifier: Apache-2.0
// What a correspondence network with side information reads of a match. The
// trainer and the program that users run make it here, so that they agree.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

namespace tiepoint {

inline constexpr int kMatchRow = 9;

// x1, y1, x2, y2: normalised; both ratios of distances (matching/matcher.h);
// `log_scale`: log of the ratio of the keypoints' sizes as angles of view,
// second to first; `turn`: angle2 - angle1, radians.
inline std::array<float, kMatchRow> MatchRow(double x1, double y1, double x2,
                                             double y2, double ratio,
                                             double reverse_ratio,
                                             double log_scale, double turn) {
  constexpr double kLargestLogScale = 3;  // a factor of 20
  const std::array<double, kMatchRow> row = {
      x1,
      y1,
      x2,
      y2,
      std::clamp(ratio, 0.0, 1.0),
      std::clamp(reverse_ratio, 0.0, 2.0),
      std::clamp(log_scale, -kLargestLogScale, kLargestLogScale),
      std::cos(turn),
      std::sin(turn)};
  std::array<float, kMatchRow> result;
  std::transform(row.begin(), row.end(), result.begin(),
                 [](double v) { return static_cast<float>(v); });
  return result;
}

}  // namespace tiepoint
