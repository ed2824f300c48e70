// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

struct FivePointSolutions {
  std::array<Matrix3, 10> matrices;  // the first `count`, of unit norm
  int count = 0;
  auto begin() const { return matrices.begin(); }
  auto end() const { return matrices.begin() + count; }
};

// The essential matrices that fulfil x2' E x1 = 0 for five pairs on the plane
// Z = 1 (Nister, "An efficient solution to the five-point relative pose
// problem", PAMI 2004). The five equations leave E = x X + y Y + z Z + W; the
// ten cubics det E = 0 and 2 E E' E = trace(E E') E, after elimination, leave a
// polynomial of degree 10 in z. Up to ten answers, of either sign; none for
// pairs that leave more than four matrices open (copies, a line).
FivePointSolutions FivePoint(std::span<const PointPair, 5> normalized);

}  // namespace tiepoint
