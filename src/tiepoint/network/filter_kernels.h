// SPDX-License-Identifier: Apache-2.0
// The loops of FilterBank: Fourier transforms of tiles, for vectors of either
// length.
#pragma once

#include <vector>

#include "tiepoint/network/filter_bank.h"

namespace tiepoint {

// What becomes of one filter's response in the hinges.
struct HingeStep {
  float bias = 0;
  bool first_of_group = false, last_of_group = false, first_group = false;
  float sign = 1;
};

// Spectra and what lies between both halves of a transform are kept strip by
// strip, FilterBank::kTile rows of `columns` numbers each: read as rows of a
// whole tile, a strip would be spread over the second-level cache.
struct FilterKernels {
  using Tile = FilterBank::Tile;

  int columns;  // of a strip; 8 or 16
  // From pixels (rows FilterBank::kStride apart) to a transposed spectrum.
  void (*forward)(const Tile& pixels, Tile& between, Tile& out);
  // The first half of the way back of the sum over channels of a[c] b[c].
  void (*multiply)(const Tile* a, const Tile* b, int channels, Tile& out);
  // The second half, to pixels, into the hinges of both filters of the pair (or
  // of one, the other null), strip by strip, `side` pixels each way.
  void (*to_hinges)(const Tile& in, int side, const HingeStep* first,
                    const HingeStep* second, float* largest, float* sum);

  int Strip() const { return FilterBank::kTile * columns; }
  // Where row u and column v of a spectrum are.
  int Place(int u, int v) const {
    return v / columns * Strip() + u * columns + v % columns;
  }
};

// Those that this processor runs, the fastest first.
const std::vector<FilterKernels>& SupportedFilterKernels();

}  // namespace tiepoint
