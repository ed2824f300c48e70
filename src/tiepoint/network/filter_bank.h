// SPDX-License-Identifier: Apache-2.0
// Many large filters over one picture, by Fourier transforms of tiles (overlap
// and save). For 16 filters of 25 x 25 this takes a twentieth of the
// multiplications of the plain sum.
#pragma once

#include <functional>
#include <vector>

namespace tiepoint {

class FilterBank {
 public:
  // Pixels a side of a tile. Larger tiles waste less at their borders but do
  // not fit the second-level cache.
  static constexpr int kTile = 128;
  static constexpr int kMaxKernel = kTile / 2;
  // Numbers from one row of a tile to the next: not a power of two, so that a
  // column does not fall on a few lines of the first-level cache.
  static constexpr int kStride = kTile + 16;

  // A complex tile, the real and the imaginary numbers apart.
  struct Tile {
    std::vector<float> re = std::vector<float>(kTile * kStride);
    std::vector<float> im = std::vector<float>(kTile * kStride);
  };
  // What one thread writes to. The picture goes to `input.re`, rows kStride
  // apart.
  struct Workspace {
    Tile input, spectrum, product, transposed;
  };

  // `kernels`: count x kernel x kernel; kernel <= kMaxKernel.
  FilterBank(const std::vector<float>& kernels, int count, int kernel);

  // Pixels a side of a tile's result.
  int ResultSide() const { return kTile - kernel_ + 1; }

  // Calls visit(c, map) for each filter c in turn, where
  // map[y * kStride + x] = sum over i, j of kernel_c(i, j) input(y + i, x + j)
  // for x, y in [0, ResultSide()). Destroys the input.
  void Run(Workspace& work,
           const std::function<void(int, const float*)>& visit) const;

 private:
  int count_;
  int kernel_;
  // Spectra of two filters each: one complex tile back to pixels gives the
  // results of two filters, as its real and its imaginary part.
  std::vector<Tile> spectra_;
};

}  // namespace tiepoint
