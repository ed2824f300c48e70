// SPDX-License-Identifier: Apache-2.0
// The distance that decides, and the loop that finds pairs worth measuring.
#pragma once

namespace tiepoint {

// Eight sums in a fixed order: the same for (a, b) and (b, a), on every address
// and for every number of threads.
float SquaredDistance(const float* a, const float* b, int size);

// Whether one of `count` bounds (distance_bounds.h) is at most what its row or
// its column knows already.
bool AnyCandidate(const float* products, const float* column_bounds,
                  const float* column_known, float factor, float row_bound,
                  float row_known, int count);

}  // namespace tiepoint
