// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/mark_peaks.h"

#include "tiepoint/base/all_processors.h"

namespace tiepoint {
namespace {

TIEPOINT_ALL_PROCESSORS void Mark(const float* __restrict above,
                                  const float* __restrict here,
                                  const float* __restrict below, int count,
                                  int* __restrict mask) {
  const auto larger = [](float a, float b) { return a > b ? a : b; };
  for (int x = 0; x < count; ++x) {
    const float up = larger(larger(above[x - 1], above[x]), above[x + 1]);
    const float down = larger(larger(below[x - 1], below[x]), below[x + 1]);
    const float side = larger(here[x - 1], here[x + 1]);
    mask[x] = here[x] >= larger(larger(up, down), side) ? 1 : 0;
  }
}

}  // namespace

void MarkPeaks(const float* above, const float* here, const float* below,
               int count, int* mask) {
  Mark(above, here, below, count, mask);
}

}  // namespace tiepoint
