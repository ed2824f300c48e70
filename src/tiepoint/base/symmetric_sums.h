// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "tiepoint/base/all_processors.h"

namespace tiepoint {

// out[x] = sum over k from -kRadius to kRadius of
//   kernel[|k|] in[x + (kRadius + k) step],
// symmetric taps together: a blur along a row (step 1), or down columns (the
// distance of rows). For functions that are TIEPOINT_ALL_PROCESSORS.
template <int kRadius>
TIEPOINT_INLINE void SymmetricSums(const float* __restrict kernel,
                                   const float* __restrict in, ptrdiff_t step,
                                   int count, float* __restrict out) {
  const float* middle = in + kRadius * step;
  for (int x = 0; x < count; ++x) {
    float sum = kernel[0] * middle[x];
    for (int k = 1; k <= kRadius; ++k) {
      sum += kernel[k] * (middle[x - k * step] + middle[x + k * step]);
    }
    out[x] = sum;
  }
}

}  // namespace tiepoint
