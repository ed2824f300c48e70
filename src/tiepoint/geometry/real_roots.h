// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

namespace tiepoint {

// The real roots of c[0] + c[1] x + ... + c[n] x^n, n <= kLargestDegree, are
// written to `roots` (room for n), in no order; returns how many. Between
// neighbouring roots of its derivative a polynomial has at most one root, which
// is bracketed and found by Newton steps; the same goes for the derivatives.
// Roots beyond [-1, 1] are inverses of those of the reversed polynomial, so
// that no value overflows and leading zeros are allowed. Roots that touch zero
// without crossing it (of even multiplicity) may be missed. Coefficients must
// be finite.
inline constexpr int kLargestDegree = 10;
int RealRoots(std::span<const double> coefficients, std::span<double> roots);

}  // namespace tiepoint
