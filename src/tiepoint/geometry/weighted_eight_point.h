// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// The weighted eight-point algorithm (Yi et al., "Learning to Find Good
// Correspondences", CVPR 2018): the E of unit norm that minimises
// sum_i w_i (x2_i' E x1_i)^2, which is the eigenvector of the smallest
// eigenvalue of M = X' diag(w) X with rows
//   X_i = [x2 x1, x2 y1, x2, y2 x1, y2 y1, y2, x1, y1, 1].
// In double. Pairs are normalised (on the plane Z = 1), which is all the
// conditioning there is; E is not made exactly essential. One weight a pair,
// not negative; a pair of weight 0 has no influence at all, whatever it is.
// The sign of E is arbitrary.
// Nothing when fewer than eight pairs count, or when they leave more than one
// E (second smallest eigenvalue below 1e-13 of the largest: a plane or a line
// without noise, copies of one pair). Throws InputError for weights that are
// negative, not finite or not as many as pairs.
std::optional<Matrix3> WeightedEightPoint(std::span<const PointPair> normalized,
                                          std::span<const double> weights);

// The same with Hartley's conditioning ("In Defense of the Eight-Point
// Algorithm", PAMI 1997), by the weights: in each image the weighted centroid
// is moved to 0 and the weighted root mean square distance from it made
// sqrt(2); the matrix found there is mapped back and made of unit (Frobenius)
// norm. So the answer does not depend on units or origin: pairs may be pixels
// (an F) as well as normalised (an E). On exact pairs it is the answer of the
// plain form, which is the published one.
// Also nothing when the points of an image that count are all the same.
std::optional<Matrix3> ConditionedEightPoint(std::span<const PointPair> pairs,
                                             std::span<const double> weights);

}  // namespace tiepoint
