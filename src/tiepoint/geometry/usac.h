// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// OpenCV's USAC_MAGSAC (MAGSAC++ scores, local optimisation) with a seed of our
// own; one thread. The matrix (see TwoViewGeometry::matrix) has unit norm.
// Nothing when OpenCV finds no model. Pairs in pixels, all Usable(); the answer
// depends on their order. Cameras matter to kEssential only; of the options,
// all but min_inliers.
std::optional<Matrix3> UsacMagsac(std::span<const PointPair> pairs,
                                  const PinholeCamera& camera1,
                                  const PinholeCamera& camera2,
                                  const TwoViewOptions& options);

}  // namespace tiepoint
