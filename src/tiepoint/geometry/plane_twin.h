// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
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

// Matches of points on a plane have two poses that explain them equally well
// (Longuet-Higgins, "The reconstruction of a plane surface from two perspective
// projections", 1986; Hartley and Zisserman, section 13.3): those that belong
// to the homography of these pairs (MAGSAC, then its decomposition); empty when
// one homography does not explain at least half of them within `max_error`
// pixels. Deterministic. `pairs` in pixels, all Usable().
std::vector<PlanePose> PosesOfPlane(std::span<const PointPair> pairs,
                                    const PinholeCamera& camera1,
                                    const PinholeCamera& camera2,
                                    double max_error, uint64_t seed);

}  // namespace tiepoint
