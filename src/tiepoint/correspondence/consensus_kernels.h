// SPDX-License-Identifier: Apache-2.0
// The inner loops of the correspondence network, once for each kind of
// processor. Numbers of a match lie together (match-major): x[match * stride +
// channel]. `stride` is a multiple of kChannelStep; channels that a network
// does not have are zeros. All of them work on a tile of matches that fits the
// first-level cache, and none looks at another match's place to compute a
// match's numbers, so that cutting matches into tiles does not change a bit.
#pragma once

#include <cstddef>
#include <vector>

namespace tiepoint {

struct ConsensusKernels {
  static constexpr int kChannelStep = 32;
  // Largest tile: 24 KiB of 128 channels. A multiple of every kernel's rows.
  static constexpr int kTile = 48;

  const char* name;
  int panel;  // channels of a panel of packed weights; divides kChannelStep

  // out[i, c] = sum_k weights[c, k] in[i, k] for `count` matches, `stride`
  // channels out of `depth` in. `packed` as Pack makes it; rows of `in` are
  // `in_stride` apart, of `out` `stride`.
  void (*multiply)(const float* in, int count, int depth, int in_stride,
                   const float* packed, int stride, float* out);
  // Of each channel over the tile, with weights `a` or (nullptr) 1 each:
  // mean = sum a u / total, squares = sum a (u - mean)^2. `total` is the sum of
  // a, above 0.
  void (*moments)(const float* u, int count, int stride, const float* a,
                  float total, float* mean, float* squares);
  // out = max(0, (u - mean) * factor + shift); `norm`: mean, factor and shift,
  // `stride` numbers each. `out` may be `u`.
  void (*rectify)(const float* u, int count, int stride, const float* norm,
                  float* out);
  // The same, added to `sum`.
  void (*add_rectified)(const float* u, int count, int stride,
                        const float* norm, float* sum);
  // out[i] = bias + sum_c weights[c] in[i, c].
  void (*dot)(const float* in, int count, int stride, const float* weights,
              float bias, float* out);

  // `weights`: rows x depth, row-major, to panels: for each `panel` rows, depth
  // by depth, the numbers of these rows. Rows up to `stride` are zeros.
  std::vector<float> Pack(const std::vector<float>& weights, int rows,
                          int depth, int stride) const;
};

// Those that this processor can run, the best one first; the last one is plain
// C++ for any processor.
const std::vector<ConsensusKernels>& SupportedConsensusKernels();

}  // namespace tiepoint
