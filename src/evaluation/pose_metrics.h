// SPDX-License-Identifier: Apache-2.0
// How wrong a relative pose is, and what sums many of them up.
#pragma once

#include <limits>
#include <vector>

#include "evaluation/protocol.h"
#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// Degrees. Without an answer both are infinite.
struct PoseError {
  double rotation = std::numeric_limits<double>::infinity();
  double translation = std::numeric_limits<double>::infinity();
  // What is called the error of a pose.
  double Max() const;
};

// rotation: the angle of R_estimate R_truth^-1, which is 2 acos |<q, q'>|, by
// the arc tangent (acos loses half of the digits near 1); 0..180.
// translation: the angle between the directions of t, its sign ignored; 0..90.
PoseError PoseErrorOf(const RelativePose& estimate, const RelativePose& truth);

// Distance in pixels of a pair from an exact F (x2' F x1 = 0): the mean of the
// two distances from the epipolar lines, one in each image.
double EpipolarDistance(const Matrix3& fundamental, const PointPair& pair);

// Matches at most this far from the true epipolar lines are called correct.
inline constexpr double kCorrectDistance = 3;

// Columns over the series "error" (PoseError::Max, infinite without an answer),
// "rotation_error", "translation_error", "answered" (0 or 1), "matches",
// "inliers", "correct", "precision", "recall", "score",
// "confidence", "brier" and "milliseconds".
std::vector<Column> PoseColumns();

}  // namespace tiepoint
