// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tiepoint {

// mask[x] = whether here[x] is not below its eight neighbours: all that can be
// maxima, and few else. Rows have a number before and behind.
void MarkPeaks(const float* above, const float* here, const float* below,
               int count, int* mask);

}  // namespace tiepoint
