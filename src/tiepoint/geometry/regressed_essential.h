// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "tiepoint/geometry/guided_essential.h"
#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// The essential matrix of matches by least squares alone: no sample is drawn,
// nothing is random. For matches whose weights (a classifier's, in [0, 1])
// leave few wrong ones; where that does not hold, EstimateEssential searches.
//
// Weighted least squares of the Sampson errors (SampsonProblem, the loss of
// MAGSAC++), with a cutoff that shrinks from 50 pixels to twice `max_error`
// (graduated non-convexity), from several poses: those of the weighted
// eight-point algorithm (ConditionedEightPoint) on all matches and on the
// tenth, the quarter and the half of largest weight, and the rotation that
// turns the rays of the first camera best into those of the second with 13
// directions of translation, evenly spread. The answer is the one with the best
// score.
//
// Pairs in pixels without distortion. The answer does not depend on their order
// and has iterations = 0. Nothing for fewer than eight distinct pairs of weight
// above 0. Throws InputError for unusable cameras or weights, or a max_error
// that is not positive.
std::optional<GuidedEssential> RegressEssential(
    std::span<const PointPair> pairs, std::span<const double> weights,
    const PinholeCamera& camera1, const PinholeCamera& camera2,
    double max_error);

}  // namespace tiepoint
