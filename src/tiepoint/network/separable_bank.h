// SPDX-License-Identifier: Apache-2.0
// Hinges on filters that are mixtures of a few products of a column and a row:
// what FilterBank does for any filters, in less time where they are few (bench:
// TildeByLines, TildeByFourier).
#pragma once

#include <cstddef>
#include <vector>

namespace tiepoint {

class SeparableBank {
 public:
  // Pixels of a part of the result: what lies between columns and mixtures
  // (24 products: 400 KiB) stays in the second-level cache.
  static constexpr int kColumns = 32, kRows = 128;

  struct Weights {
    int sums = 0, maxes = 0, channels = 0, size = 0;  // size odd
    int rank = 0;                                     // products a channel
    // (channel, product, {vertical, horizontal}, size)
    std::vector<float> lines;
    std::vector<float> coefficients;  // (n, m, channel, product)
    std::vector<float> bias;          // (n, m)
  };
  // What one thread writes to.
  struct Workspace {
    std::vector<float> rows, products;
  };

  explicit SeparableBank(const Weights& weights);

  // Pixels around a pixel that its result looks at: size / 2, and at least 2.
  int Radius() const { return size_ / 2; }

  // out(x, y) = sum over n of (-1, +1, -1, +1, ...)_n max over m of
  //   (bias_nm + filter_nm . window of the pixel)
  // for columns <= kColumns, rows <= kRows. `channels`: the first pixel of the
  // first window, rows `stride` and channels `channel_stride` apart. Rows may
  // be read on to columns rounded up to 16, columns on to rows rounded up to 4.
  void Run(Workspace& work, const float* channels, ptrdiff_t stride,
           ptrdiff_t channel_stride, int columns, int rows, float* out,
           ptrdiff_t out_stride) const;

 private:
  int groups_, maxes_;  // maxes: rounded up to kTogether
  int channels_, rank_, size_;
  // (channel, kTogether products, tap, product), zeros where there is none.
  std::vector<float> horizontal_;
  std::vector<float> vertical_;  // (product, tap)
  // (n, kTogether filters, product, filter)
  std::vector<float> coefficients_;
  std::vector<float> bias_;
};

}  // namespace tiepoint
