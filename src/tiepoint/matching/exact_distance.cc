// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/matching/exact_distance.h"

#include "tiepoint/base/all_processors.h"

namespace tiepoint {

TIEPOINT_ALL_PROCESSORS float SquaredDistance(const float* a, const float* b,
                                              int size) {
  float sums[8] = {};
  int k = 0;
  for (; k + 8 <= size; k += 8) {
    for (int s = 0; s < 8; ++s) {
      const float difference = a[k + s] - b[k + s];
      sums[s] += difference * difference;
    }
  }
  for (int s = 0; k < size; ++k, ++s) {
    sums[s] += (a[k] - b[k]) * (a[k] - b[k]);
  }
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) +
         ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

TIEPOINT_ALL_PROCESSORS bool AnyCandidate(const float* __restrict products,
                                          const float* __restrict column_bounds,
                                          const float* __restrict column_known,
                                          float factor, float row_bound,
                                          float row_known, int count) {
  int any = 0;
  for (int c = 0; c < count; ++c) {
    const float known =
        column_known[c] > row_known ? column_known[c] : row_known;
    const float bound = row_bound + column_bounds[c] - factor * products[c];
    any |= bound <= known ? 1 : 0;
  }
  return any != 0;
}

}  // namespace tiepoint
