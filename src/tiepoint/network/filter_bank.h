// SPDX-License-Identifier: Apache-2.0
// Many large filters over one picture of one or more channels, by Fourier
// transforms of tiles (overlap and save). For 16 filters of 25 x 25 this takes
// a twentieth of the multiplications of the plain sum; more channels cost one
// more transform each, not one a filter.
#pragma once

#include <functional>
#include <vector>

namespace tiepoint {

struct FilterKernels;

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
  // What one thread writes to. A channel of the picture goes to `input.re`,
  // rows kStride apart.
  struct Workspace {
    Tile input, transposed;
    std::vector<Tile> spectra;  // of the channels
    // RunHinges, strip by strip: the maximum of a group, the sum of an output.
    std::vector<float> largest, sum;
  };

  // Generalised hinging hyperplanes on the filters, in their order:
  //   output = sum over groups g of (-1)^g first_sign
  //            max over the `maxes` filters of group g of (response + bias).
  // There are count / (sums maxes) outputs.
  struct Hinges {
    int sums = 1, maxes = 1;
    float first_sign = 1;
    std::vector<float> bias;  // of each filter
  };

  // `kernels`: count x channels x kernel x kernel; kernel <= kMaxKernel.
  // `loops`: for tests; null: the fastest of this processor.
  FilterBank(const std::vector<float>& kernels, int count, int kernel,
             int channels = 1, const FilterKernels* loops = nullptr);

  // Pixels a side of a tile's result.
  int ResultSide() const { return kTile - kernel_ + 1; }

  // Takes `work.input` as that channel of the picture.
  void SetChannel(Workspace& work, int channel) const;
  // Calls visit(output, map) for each output in turn, where map[y * kStride +
  // x] is the hinges of the responses
  //   sum over c, i, j of kernel_fc(i, j) channel_c(y + i, x + j)
  // of its filters f, for x, y in [0, ResultSide()). They are taken strip by
  // strip while a response is in the first-level cache. Every channel must have
  // been set. Destroys work.input, and nothing of the channels.
  void RunHinges(Workspace& work, const Hinges& hinges,
                 const std::function<void(int, const float*)>& visit) const;

 private:
  const FilterKernels* loops_;
  int count_;
  int kernel_;
  int channels_;
  // Spectra of two filters each: one complex tile back to pixels gives the
  // results of two filters, as its real and its imaginary part. Channels of a
  // pair lie together.
  std::vector<Tile> spectra_;
};

}  // namespace tiepoint
