// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

struct PlanePose {
  Matrix3 essential;  // of unit norm
  // How squarely the cameras would look at the plane: mean over the points of
  // the cosine between ray and normal, of the camera that sees it more aslant.
  // Below 0 when most points would lie behind it.
  double frontality = 0;
};

// The homography (MAGSAC) that explains at least half of the pairs within
// `max_error` pixels, if there is one. Deterministic. `pairs` all Usable().
std::optional<Matrix3> DominantPlane(std::span<const PointPair> pairs,
                                     double max_error, uint64_t seed);

// Matches of points on a plane have two poses that explain them equally well
// (Longuet-Higgins, "The reconstruction of a plane surface from two perspective
// projections", 1986; Hartley and Zisserman, section 13.3): those that belong
// to the DominantPlane of these pairs (by its decomposition); empty when there
// is none. Deterministic. `pairs` in pixels, all Usable().
std::vector<PlanePose> PosesOfPlane(std::span<const PointPair> pairs,
                                    const PinholeCamera& camera1,
                                    const PinholeCamera& camera2,
                                    double max_error, uint64_t seed);

}  // namespace tiepoint
