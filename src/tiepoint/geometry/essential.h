// SPDX-License-Identifier: Apache-2.0
// Essential matrices, fundamental matrices and poses (Hartley and Zisserman,
// chapter 9). "Normalised" pairs are on the plane Z = 1 of each camera.
#pragma once

#include <span>
#include <vector>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// Can a camera be estimated with: finite numbers, focal lengths above 0?
bool Usable(const PinholeCamera& camera);
// Are these places of a photograph: finite, at most 1e7?
bool Usable(const PointPair& pair);

PointPair Normalized(const PointPair& pair, const PinholeCamera& camera1,
                     const PinholeCamera& camera2);

// [t]x R, made of unit norm.
Matrix3 EssentialFromPose(const RelativePose& cam2_from_cam1);

// x2' F x1 = 0 in pixels, from x2' E x1 = 0: F = K2^-T E K1^-1.
Matrix3 FundamentalFromEssential(const Matrix3& essential,
                                 const PinholeCamera& camera1,
                                 const PinholeCamera& camera2);

// The one of the four poses of an essential matrix that has most pairs in front
// of both cameras; a pair counts as much as its weight (no weights: 1). The
// matrix need not be exactly essential: its singular values do not matter.
RelativePose PoseFromEssential(const Matrix3& essential,
                               std::span<const PointPair> normalized,
                               std::span<const double> weights = {});

// Indices of the usable pairs with a Sampson error of at most `max_error`, in
// the units of the pairs; increasing.
std::vector<int> EpipolarInliers(const Matrix3& matrix,
                                 std::span<const PointPair> pairs,
                                 double max_error);

}  // namespace tiepoint
