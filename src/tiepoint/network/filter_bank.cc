// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/filter_bank.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "tiepoint/base/all_processors.h"
#include "tiepoint/base/parallel.h"

#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace tiepoint {
namespace {

constexpr int kTile = FilterBank::kTile;
constexpr int kStride = FilterBank::kStride;
// Columns that are transformed together, in the first-level cache.
constexpr int kColumns = 8;

static_assert(kTile == 128, "the stages below are those of 128 = 4 4 4 2");

struct Twiddles {
  std::array<float, kTile> re, im;  // exp(-2 pi i k / kTile)
  Twiddles() {
    for (int k = 0; k < kTile; ++k) {
      const double angle = -2 * std::numbers::pi * k / kTile;
      re[k] = static_cast<float>(std::cos(angle));
      im[k] = static_cast<float>(std::sin(angle));
    }
  }
};
const Twiddles kTwiddles;

// One stage of Stockham's transform, which sorts as it goes: of `kLength`-point
// transforms, kTile / kLength side by side, to those of kLength / 4. Rows of
// kColumns numbers, kInStride apart on reading.
template <int kLength, int kInStride>
TIEPOINT_INLINE void Radix4(const float* __restrict re_in,
                            const float* __restrict im_in,
                            float* __restrict re_out,
                            float* __restrict im_out) {
  constexpr int kQuarter = kLength / 4;
  constexpr int kSide = kTile / kLength;
  for (int p = 0; p < kQuarter; ++p) {
    const float r1 = kTwiddles.re[p * kSide], i1 = kTwiddles.im[p * kSide];
    const float r2 = kTwiddles.re[2 * p * kSide];
    const float i2 = kTwiddles.im[2 * p * kSide];
    const float r3 = kTwiddles.re[3 * p * kSide];
    const float i3 = kTwiddles.im[3 * p * kSide];
    for (int q = 0; q < kSide; ++q) {
      const int in = (p * kSide + q) * kInStride;
      constexpr int kStep = kQuarter * kSide * kInStride;
      const float* ar = re_in + in;
      const float* ai = im_in + in;
      const int out = (4 * p * kSide + q) * kColumns;
      float* yr = re_out + out;
      float* yi = im_out + out;
      constexpr int kOut = kSide * kColumns;
      for (int c = 0; c < kColumns; ++c) {
        const float sr = ar[c] + ar[c + 2 * kStep];
        const float si = ai[c] + ai[c + 2 * kStep];
        const float dr = ar[c] - ar[c + 2 * kStep];
        const float di = ai[c] - ai[c + 2 * kStep];
        const float tr = ar[c + kStep] + ar[c + 3 * kStep];
        const float ti = ai[c + kStep] + ai[c + 3 * kStep];
        // i times the difference of the second and the fourth.
        const float er = ai[c + 3 * kStep] - ai[c + kStep];
        const float ei = ar[c + kStep] - ar[c + 3 * kStep];
        yr[c] = sr + tr;
        yi[c] = si + ti;
        const float ur = dr - er, ui = di - ei;
        yr[c + kOut] = r1 * ur - i1 * ui;
        yi[c + kOut] = r1 * ui + i1 * ur;
        const float vr = sr - tr, vi = si - ti;
        yr[c + 2 * kOut] = r2 * vr - i2 * vi;
        yi[c + 2 * kOut] = r2 * vi + i2 * vr;
        const float wr = dr + er, wi = di + ei;
        yr[c + 3 * kOut] = r3 * wr - i3 * wi;
        yi[c + 3 * kOut] = r3 * wi + i3 * wr;
      }
    }
  }
}

TIEPOINT_INLINE void Radix2(const float* __restrict in, float* __restrict out,
                            int out_stride) {
  constexpr int kHalf = kTile / 2;
  for (int q = 0; q < kHalf; ++q) {
    const float* a = in + q * kColumns;
    const float* b = a + kHalf * kColumns;
    float* y = out + q * out_stride;
    float* z = y + kHalf * out_stride;
    for (int c = 0; c < kColumns; ++c) {
      y[c] = a[c] + b[c];
      z[c] = a[c] - b[c];
    }
  }
}

// kTile rows of kColumns numbers to kColumns rows.
TIEPOINT_INLINE void Transpose(const float* __restrict in,
                               float* __restrict out) {
#ifdef __SSE__
  for (int y = 0; y < kTile; y += 4) {
    for (int c = 0; c < kColumns; c += 4) {
      const float* from = in + y * kColumns + c;
      float* to = out + c * kStride + y;
      __m128 r0 = _mm_load_ps(from), r1 = _mm_load_ps(from + kColumns);
      __m128 r2 = _mm_load_ps(from + 2 * kColumns);
      __m128 r3 = _mm_load_ps(from + 3 * kColumns);
      _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
      _mm_storeu_ps(to, r0);
      _mm_storeu_ps(to + kStride, r1);
      _mm_storeu_ps(to + 2 * kStride, r2);
      _mm_storeu_ps(to + 3 * kStride, r3);
    }
  }
#else
  for (int y = 0; y < kTile; ++y) {
    for (int c = 0; c < kColumns; ++c) {
      out[c * kStride + y] = in[y * kColumns + c];
    }
  }
#endif
}

// Fourier transform down the columns of a tile. The inverse (times kTile) is
// the same with real and imaginary parts exchanged.
template <bool kTransposed>
TIEPOINT_INLINE void TransformColumns(const float* re_in, const float* im_in,
                                      float* re_out, float* im_out) {
  alignas(64) float a_re[kTile * kColumns], a_im[kTile * kColumns];
  alignas(64) float b_re[kTile * kColumns], b_im[kTile * kColumns];
  for (int x = 0; x < kTile; x += kColumns) {
    Radix4<128, kStride>(re_in + x, im_in + x, a_re, a_im);
    Radix4<32, kColumns>(a_re, a_im, b_re, b_im);
    Radix4<8, kColumns>(b_re, b_im, a_re, a_im);
    if constexpr (kTransposed) {
      Radix2(a_re, b_re, kColumns);
      Radix2(a_im, b_im, kColumns);
      Transpose(b_re, re_out + x * kStride);
      Transpose(b_im, im_out + x * kStride);
    } else {
      Radix2(a_re, re_out + x, kStride);
      Radix2(a_im, im_out + x, kStride);
    }
  }
}

// Both axes; the result is transposed.
TIEPOINT_ALL_PROCESSORS void Transform(const float* re_in, const float* im_in,
                                       float* re_between, float* im_between,
                                       float* re_out, float* im_out) {
  TransformColumns<true>(re_in, im_in, re_between, im_between);
  TransformColumns<false>(re_between, im_between, re_out, im_out);
}

// The sum over channels of products, a piece of the tile after the other: the
// filters are more than caches hold, all else should stay in one.
TIEPOINT_ALL_PROCESSORS void SumOfProducts(const FilterBank::Tile* a,
                                           const FilterBank::Tile* b,
                                           int channels,
                                           FilterBank::Tile& sum) {
  constexpr int kPiece = 64;
  static_assert(kTile % kPiece == 0);
  for (int piece = 0; piece < kTile * kTile / kPiece; ++piece) {
    const int row = piece * kPiece / kTile;
    const int i = row * kStride + piece * kPiece % kTile;
    float re[kPiece] = {}, im[kPiece] = {};
    for (int c = 0; c < channels; ++c) {
      const float* ar = a[c].re.data() + i;
      const float* ai = a[c].im.data() + i;
      const float* br = b[c].re.data() + i;
      const float* bi = b[c].im.data() + i;
      for (int k = 0; k < kPiece; ++k) {
        re[k] += ar[k] * br[k] - ai[k] * bi[k];
        im[k] += ar[k] * bi[k] + ai[k] * br[k];
      }
    }
    std::copy_n(re, kPiece, sum.re.data() + i);
    std::copy_n(im, kPiece, sum.im.data() + i);
  }
}

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
                       int channels)
    : count_(count),
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
          pair.re[u * kStride + v] += static_cast<float>(s.real());
          pair.im[u * kStride + v] += static_cast<float>(s.imag());
        }
      }
    }
  });
}

void FilterBank::SetChannel(Workspace& work, int channel) const {
  work.spectra.resize(channels_);
  Tile &t = work.transposed, &spectrum = work.spectra[channel];
  std::fill(work.input.im.begin(), work.input.im.end(), 0.0f);
  Transform(work.input.re.data(), work.input.im.data(), t.re.data(),
            t.im.data(), spectrum.re.data(), spectrum.im.data());
}

void FilterBank::Run(
    Workspace& work,
    const std::function<void(int, const float*)>& visit) const {
  Tile &t = work.transposed, &p = work.product;
  Tile& result = work.input;
  for (int c = 0; c < count_; c += 2) {
    const Tile* filters =
        spectra_.data() + static_cast<size_t>(c / 2) * channels_;
    SumOfProducts(work.spectra.data(), filters, channels_, p);
    Transform(p.im.data(), p.re.data(), t.im.data(), t.re.data(),
              result.im.data(), result.re.data());
    visit(c, result.re.data());
    if (c + 1 < count_) visit(c + 1, result.im.data());
  }
}

}  // namespace tiepoint
