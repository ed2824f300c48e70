// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/separable_bank.h"

#include <algorithm>

#include "tiepoint/base/all_processors.h"

namespace tiepoint {
namespace {

// Products, rows or filters that share what is read. With two vectors of each
// eight sums are under way, as many as additions take time, and registers hold
// them.
constexpr int kTogether = 4;
constexpr int kColumns = SeparableBank::kColumns;
constexpr int kRows = SeparableBank::kRows;

using Vector __attribute__((vector_size(32))) = float;
using Unaligned __attribute__((vector_size(32), aligned(4), may_alias)) = float;
constexpr int kWidth = sizeof(Vector) / sizeof(float);
constexpr int kBlock = 2 * kWidth;
static_assert(kColumns % kBlock == 0 && kRows % kTogether == 0);

// Two vectors side by side.
struct Block {
  Vector a, b;
};

TIEPOINT_INLINE void Load(const float* from, Block& block) {
  block.a = *reinterpret_cast<const Unaligned*>(from);
  block.b = *reinterpret_cast<const Unaligned*>(from + kWidth);
}

TIEPOINT_INLINE void Store(const Block& block, float* to) {
  *reinterpret_cast<Unaligned*>(to) = block.a;
  *reinterpret_cast<Unaligned*>(to + kWidth) = block.b;
}

TIEPOINT_INLINE void Add(float weight, const Block& value, Block& sum) {
  sum.a += weight * value.a;
  sum.b += weight * value.b;
}

constexpr int RoundUp(int n, int unit) { return (n + unit - 1) / unit * unit; }

// kTogether products of a channel along its rows. `out`: of each, rows of
// kColumns, `out_stride` from one product to the next.
TIEPOINT_ALL_PROCESSORS void AlongRows(const float* __restrict taps, int size,
                                       const float* __restrict in,
                                       ptrdiff_t stride, int columns, int rows,
                                       float* __restrict out,
                                       ptrdiff_t out_stride) {
  for (int y = 0; y < rows; ++y, in += stride, out += kColumns) {
    for (int x = 0; x < columns; x += kBlock) {
      Block sum[kTogether] = {};
      for (int t = 0; t < size; ++t) {
        Block value;
        Load(in + x + t, value);
#pragma GCC unroll 4
        for (int k = 0; k < kTogether; ++k) {
          Add(taps[t * kTogether + k], value, sum[k]);
        }
      }
#pragma GCC unroll 4
      for (int k = 0; k < kTogether; ++k) {
        Store(sum[k], out + k * out_stride + x);
      }
    }
  }
}

// Adds row t of the window of the first of kTogether rows to those of them,
// from kFirst to before kEnd, that see it.
template <int kFirst, int kEnd>
TIEPOINT_INLINE void AddRow(const float* taps, int t, const float* in,
                            Block* sum) {
  Block value;
  Load(in + t * kColumns, value);
#pragma GCC unroll 4
  for (int r = kFirst; r < kEnd; ++r) Add(taps[t - r], value, sum[r]);
}

// One product down the columns of `in`, kTogether rows of the result at once.
TIEPOINT_ALL_PROCESSORS void DownColumns(const float* __restrict taps, int size,
                                         const float* __restrict in,
                                         int columns, int rows,
                                         float* __restrict out,
                                         ptrdiff_t out_stride) {
  static_assert(kTogether == 4);
  for (int y = 0; y < rows; y += kTogether) {
    for (int x = 0; x < columns; x += kBlock) {
      const float* window = in + y * kColumns + x;
      Block sum[kTogether] = {};
      AddRow<0, 1>(taps, 0, window, sum);
      AddRow<0, 2>(taps, 1, window, sum);
      AddRow<0, 3>(taps, 2, window, sum);
      for (int t = 3; t < size; ++t) AddRow<0, 4>(taps, t, window, sum);
      AddRow<1, 4>(taps, size, window, sum);
      AddRow<2, 4>(taps, size + 1, window, sum);
      AddRow<3, 4>(taps, size + 2, window, sum);
#pragma GCC unroll 4
      for (int r = 0; r < kTogether; ++r) {
        Store(sum[r], out + (y + r) * out_stride + x);
      }
    }
  }
}

TIEPOINT_INLINE void TakeLarger(const Block& value, Block& largest) {
  largest.a = value.a > largest.a ? value.a : largest.a;
  largest.b = value.b > largest.b ? value.b : largest.b;
}

// Filters and hinges of one row. `in`: kColumns of each product, one after the
// other.
TIEPOINT_ALL_PROCESSORS void MixRow(const float* __restrict coefficients,
                                    const float* __restrict bias, int groups,
                                    int maxes, int products,
                                    const float* __restrict in, int columns,
                                    float* __restrict out) {
  for (int x = 0; x < columns; x += kBlock) {
    Block total = {};
    const float* c = coefficients;
    const float* b = bias;
    for (int n = 0; n < groups; ++n) {
      Block largest = {};
      for (int m = 0; m < maxes; m += kTogether, b += kTogether) {
        Block sum[kTogether] = {};
        for (int j = 0; j < products; ++j, c += kTogether) {
          Block value;
          Load(in + j * kColumns + x, value);
#pragma GCC unroll 4
          for (int k = 0; k < kTogether; ++k) Add(c[k], value, sum[k]);
        }
#pragma GCC unroll 4
        for (int k = 0; k < kTogether; ++k) {
          sum[k].a += b[k];
          sum[k].b += b[k];
        }
        if (m == 0) largest = sum[0];
#pragma GCC unroll 4
        for (const Block& value : sum) TakeLarger(value, largest);
      }
      Add(n % 2 == 0 ? -1.0f : 1.0f, largest, total);
    }
    Store(total, out + x);
  }
}

}  // namespace

SeparableBank::SeparableBank(const Weights& w)
    : groups_(w.sums),
      maxes_(RoundUp(w.maxes, kTogether)),
      channels_(w.channels),
      rank_(w.rank),
      size_(std::max(w.size, 5)) {  // DownColumns takes 3 rows for granted
  const int sets = RoundUp(rank_, kTogether);
  const int products = channels_ * rank_;
  const int before = (size_ - w.size) / 2;
  horizontal_.resize(static_cast<size_t>(channels_) * sets * size_);
  vertical_.resize(static_cast<size_t>(products) * size_);
  for (int j = 0; j < products; ++j) {
    const int channel = j / rank_, k = j % rank_;
    const float* lines = w.lines.data() + static_cast<size_t>(2 * j) * w.size;
    std::copy_n(lines, w.size, vertical_.data() + j * size_ + before);
    const int set = channel * sets + k / kTogether * kTogether;
    for (int t = 0; t < w.size; ++t) {
      horizontal_[set * size_ + (before + t) * kTogether + k % kTogether] =
          lines[w.size + t];
    }
  }
  // The last filter of a group again and again, where it is too small.
  coefficients_.resize(static_cast<size_t>(groups_) * maxes_ * products);
  for (int n = 0; n < groups_; ++n) {
    for (int m = 0; m < maxes_; ++m) {
      const int from = n * w.maxes + std::min(m, w.maxes - 1);
      bias_.push_back(w.bias[from]);
      float* set =
          coefficients_.data() + static_cast<ptrdiff_t>(products) *
                                     (n * maxes_ + m / kTogether * kTogether);
      for (int j = 0; j < products; ++j) {
        set[j * kTogether + m % kTogether] =
            w.coefficients[static_cast<size_t>(from) * products + j];
      }
    }
  }
}

void SeparableBank::Run(Workspace& work, const float* channels,
                        ptrdiff_t stride, ptrdiff_t channel_stride, int columns,
                        int rows, float* out, ptrdiff_t out_stride) const {
  const int products = channels_ * rank_;
  const int sets = RoundUp(rank_, kTogether) / kTogether;
  const int whole_columns = RoundUp(columns, kBlock);
  const int whole_rows = RoundUp(rows, kTogether);
  const ptrdiff_t plane = (kRows + size_ - 1) * kColumns;
  const ptrdiff_t row = static_cast<ptrdiff_t>(products) * kColumns;
  work.rows.resize(plane * kTogether);
  work.products.resize(row * kRows);
  for (int c = 0; c < channels_; ++c) {
    for (int s = 0; s < sets; ++s) {
      AlongRows(horizontal_.data() + (c * sets + s) * kTogether * size_, size_,
                channels + c * channel_stride, stride, whole_columns,
                whole_rows + size_ - 1, work.rows.data(), plane);
      for (int k = 0; k < std::min(kTogether, rank_ - s * kTogether); ++k) {
        const int j = c * rank_ + s * kTogether + k;
        DownColumns(vertical_.data() + j * size_, size_,
                    work.rows.data() + k * plane, whole_columns, whole_rows,
                    work.products.data() + j * kColumns, row);
      }
    }
  }
  float line[kColumns];
  for (int y = 0; y < rows; ++y) {
    MixRow(coefficients_.data(), bias_.data(), groups_, maxes_, products,
           work.products.data() + y * row, whole_columns, line);
    std::copy_n(line, columns, out + y * out_stride);
  }
}

}  // namespace tiepoint
