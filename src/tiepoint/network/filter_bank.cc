// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/filter_bank.h"

#include <algorithm>
#include <complex>
#include <numbers>

#include "tiepoint/base/parallel.h"
#include "tiepoint/network/filter_kernels.h"

namespace tiepoint {
namespace {

constexpr int kTile = FilterBank::kTile;
constexpr int kStride = FilterBank::kStride;

// Spectrum of a kernel, conjugate (a correlation, not a convolution), in the
// place of the transposed transform, divided by the pixels of a tile.
std::vector<std::complex<double>> SpectrumOf(const float* kernel, int size) {
  using Complex = std::complex<double>;
  std::vector<Complex> roots(kTile);
  for (int k = 0; k < kTile; ++k) {
    roots[k] = std::polar(1.0 / kTile, 2 * std::numbers::pi * k / kTile);
  }
  std::vector<Complex> rows(size * kTile), spectrum(kTile * kTile);
  for (int y = 0; y < size; ++y) {
    for (int u = 0; u < kTile; ++u) {
      for (int x = 0; x < size; ++x) {
        rows[y * kTile + u] +=
            roots[u * x % kTile] * double(kernel[y * size + x]);
      }
    }
  }
  for (int u = 0; u < kTile; ++u) {
    for (int v = 0; v < kTile; ++v) {
      for (int y = 0; y < size; ++y) {
        spectrum[u * kTile + v] += roots[v * y % kTile] * rows[y * kTile + u];
      }
    }
  }
  return spectrum;
}

}  // namespace

FilterBank::FilterBank(const std::vector<float>& kernels, int count, int kernel,
                       int channels, const FilterKernels* loops)
    : loops_(loops != nullptr ? loops : &SupportedFilterKernels().front()),
      count_(count),
      kernel_(kernel),
      channels_(channels),
      spectra_((count + 1) / 2 * channels) {
  ParallelFor(static_cast<int>(spectra_.size()), [&](int i) {
    Tile& pair = spectra_[i];
    const int first = i / channels * 2, channel = i % channels;
    for (int c = first; c < std::min(first + 2, count); ++c) {
      const auto spectrum = SpectrumOf(
          kernels.data() +
              (static_cast<size_t>(c) * channels + channel) * kernel * kernel,
          kernel);
      for (int u = 0; u < kTile; ++u) {
        for (int v = 0; v < kTile; ++v) {
          // The second of a pair is turned by i.
          const auto s = spectrum[u * kTile + v] *
                         (c % 2 ? std::complex<double>(0, 1) : 1.0);
          pair.re[loops_->Place(u, v)] += static_cast<float>(s.real());
          pair.im[loops_->Place(u, v)] += static_cast<float>(s.imag());
        }
      }
    }
  });
}

void FilterBank::SetChannel(Workspace& work, int channel) const {
  work.spectra.resize(channels_);
  std::fill(work.input.im.begin(), work.input.im.end(), 0.0f);
  loops_->forward(work.input, work.transposed, work.spectra[channel]);
}

void FilterBank::RunHinges(
    Workspace& work, const Hinges& hinges,
    const std::function<void(int, const float*)>& visit) const {
  work.largest.resize(kTile * kTile);
  work.sum.resize(kTile * kTile);
  const int side = ResultSide(), columns = loops_->columns;
  const auto step = [&](int filter) {
    const int m = filter % hinges.maxes;
    const int group = filter / hinges.maxes % hinges.sums;
    return HingeStep{
        .bias = hinges.bias[filter],
        .first_of_group = m == 0,
        .last_of_group = m + 1 == hinges.maxes,
        .first_group = group == 0,
        .sign = group % 2 == 0 ? hinges.first_sign : -hinges.first_sign};
  };
  const auto finish = [&](int filter) {
    const int filters = hinges.sums * hinges.maxes;
    if ((filter + 1) % filters != 0) return;
    float* map = work.input.re.data();
    for (int x = 0; x < side; x += columns) {
      for (int y = 0; y < side; ++y) {
        std::copy_n(
            work.sum.data() + x / columns * loops_->Strip() + y * columns,
            columns, map + y * kStride + x);
      }
    }
    visit(filter / filters, map);
  };
  for (int c = 0; c < count_; c += 2) {
    loops_->multiply(work.spectra.data(),
                     spectra_.data() + static_cast<size_t>(c / 2) * channels_,
                     channels_, work.transposed);
    const auto take = [&](const HingeStep* first, const HingeStep* second) {
      loops_->to_hinges(work.transposed, side, first, second,
                        work.largest.data(), work.sum.data());
    };
    const HingeStep first = step(c);
    const HingeStep second = c + 1 < count_ ? step(c + 1) : HingeStep{};
    if (c + 1 == count_) {
      take(&first, nullptr);
      finish(c);
    } else if ((c + 1) % (hinges.sums * hinges.maxes) == 0) {
      // An output ends between the two.
      take(&first, nullptr);
      finish(c);
      take(nullptr, &second);
      finish(c + 1);
    } else {
      take(&first, &second);
      finish(c + 1);
    }
  }
}

}  // namespace tiepoint
