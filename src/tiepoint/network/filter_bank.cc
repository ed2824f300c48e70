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

#define TIEPOINT_INLINE inline __attribute__((always_inline))

namespace tiepoint {
namespace {

constexpr int kTile = FilterBank::kTile;
constexpr int kStride = FilterBank::kStride;
// Columns that are transformed together, in the first-level cache. Spectra and
// what lies between both halves of a transform are kept strip by strip, kTile
// rows of kColumns numbers each: read as rows of a whole tile, a strip would be
// spread over the second-level cache.
constexpr int kColumns = 8;
constexpr int kStrip = kTile * kColumns;

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

// A strip becomes kColumns rows, `strip` its number: rows strip * kColumns and
// on of every strip of `out`.
TIEPOINT_INLINE void Transpose(const float* __restrict in, int strip,
                               float* __restrict out) {
  out += strip * kColumns * kColumns;
#ifdef __SSE__
  static_assert(kColumns == 8);
  for (int y = 0; y < kTile; y += 4) {
    for (int c = 0; c < kColumns; c += 4) {
      const float* from = in + y * kColumns + c;
      float* to = out + y / kColumns * kStrip + c * kColumns + y % kColumns;
      __m128 r0 = _mm_load_ps(from), r1 = _mm_load_ps(from + kColumns);
      __m128 r2 = _mm_load_ps(from + 2 * kColumns);
      __m128 r3 = _mm_load_ps(from + 3 * kColumns);
      _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
      _mm_storeu_ps(to, r0);
      _mm_storeu_ps(to + kColumns, r1);
      _mm_storeu_ps(to + 2 * kColumns, r2);
      _mm_storeu_ps(to + 3 * kColumns, r3);
    }
  }
#else
  for (int y = 0; y < kTile; ++y) {
    for (int c = 0; c < kColumns; ++c) {
      out[y / kColumns * kStrip + c * kColumns + y % kColumns] =
          in[y * kColumns + c];
    }
  }
#endif
}

// Fourier transform down the columns of one strip, whose rows are kInStride
// apart, up to the last stage: that is Radix2 on each of both results. The
// inverse (times kTile) is the same with real and imaginary parts exchanged.
template <int kInStride>
TIEPOINT_INLINE void TransformStrip(const float* re, const float* im,
                                    float* __restrict between_re,
                                    float* __restrict between_im,
                                    float* __restrict re_out,
                                    float* __restrict im_out) {
  Radix4<128, kInStride>(re, im, re_out, im_out);
  Radix4<32, kColumns>(re_out, im_out, between_re, between_im);
  Radix4<8, kColumns>(between_re, between_im, re_out, im_out);
}

// Room for two strips of complex numbers.
struct Strips {
  alignas(64) float a_re[kStrip];
  alignas(64) float a_im[kStrip];
  alignas(64) float b_re[kStrip];
  alignas(64) float b_im[kStrip];
};

// From pixels (rows kStride apart) to a transposed spectrum in strips.
TIEPOINT_ALL_PROCESSORS void Forward(const float* re, const float* im,
                                     FilterBank::Tile& between,
                                     FilterBank::Tile& out) {
  Strips s;
  for (int k = 0; k < kTile / kColumns; ++k) {
    TransformStrip<kStride>(re + k * kColumns, im + k * kColumns, s.a_re,
                            s.a_im, s.b_re, s.b_im);
    Radix2(s.b_re, s.a_re, kColumns);
    Radix2(s.b_im, s.a_im, kColumns);
    Transpose(s.a_re, k, between.re.data());
    Transpose(s.a_im, k, between.im.data());
  }
  for (int k = 0; k < kTile / kColumns; ++k) {
    const int at = k * kStrip;
    TransformStrip<kColumns>(between.re.data() + at, between.im.data() + at,
                             s.a_re, s.a_im, s.b_re, s.b_im);
    Radix2(s.b_re, out.re.data() + at, kColumns);
    Radix2(s.b_im, out.im.data() + at, kColumns);
  }
}

// The first half of the way back to pixels of sum over k of a[k] b[k].
TIEPOINT_ALL_PROCESSORS void MultiplyAndTransform(const FilterBank::Tile* a,
                                                  const FilterBank::Tile* b,
                                                  int channels,
                                                  FilterBank::Tile& out) {
  Strips s;
  for (int k = 0; k < kTile / kColumns; ++k) {
    const int at = k * kStrip;
    for (int c = 0; c < channels; ++c) {
      const float* __restrict ar = a[c].re.data() + at;
      const float* __restrict ai = a[c].im.data() + at;
      const float* __restrict br = b[c].re.data() + at;
      const float* __restrict bi = b[c].im.data() + at;
      if (c == 0) {
        for (int i = 0; i < kStrip; ++i) {
          s.a_re[i] = ar[i] * br[i] - ai[i] * bi[i];
          s.a_im[i] = ar[i] * bi[i] + ai[i] * br[i];
        }
      } else {
        for (int i = 0; i < kStrip; ++i) {
          s.a_re[i] += ar[i] * br[i] - ai[i] * bi[i];
          s.a_im[i] += ar[i] * bi[i] + ai[i] * br[i];
        }
      }
    }
    Radix4<128, kColumns>(s.a_im, s.a_re, s.b_im, s.b_re);
    Radix4<32, kColumns>(s.b_im, s.b_re, s.a_im, s.a_re);
    Radix4<8, kColumns>(s.a_im, s.a_re, s.b_im, s.b_re);
    Radix2(s.b_im, s.a_im, kColumns);
    Radix2(s.b_re, s.a_re, kColumns);
    Transpose(s.a_im, k, out.im.data());
    Transpose(s.a_re, k, out.re.data());
  }
}

// The second half, to pixels in rows kStride apart.
TIEPOINT_ALL_PROCESSORS void ToPixels(const FilterBank::Tile& in,
                                      FilterBank::Tile& out) {
  Strips s;
  for (int k = 0; k < kTile / kColumns; ++k) {
    const int at = k * kStrip;
    TransformStrip<kColumns>(in.im.data() + at, in.re.data() + at, s.a_im,
                             s.a_re, s.b_im, s.b_re);
    Radix2(s.b_re, out.re.data() + k * kColumns, kStride);
    Radix2(s.b_im, out.im.data() + k * kColumns, kStride);
  }
}

// What becomes of one filter's response.
struct HingeStep {
  float bias;
  bool first_of_group, last_of_group, first_group;
  float sign;
};

TIEPOINT_INLINE void TakeIn(const HingeStep& step,
                            const float* __restrict response, int count,
                            float* __restrict largest, float* __restrict sum) {
  if (step.first_of_group) {
    for (int i = 0; i < count; ++i) largest[i] = response[i] + step.bias;
  } else {
    for (int i = 0; i < count; ++i) {
      const float v = response[i] + step.bias;
      largest[i] = v > largest[i] ? v : largest[i];
    }
  }
  if (!step.last_of_group) return;
  if (step.first_group) {
    for (int i = 0; i < count; ++i) sum[i] = step.sign * largest[i];
  } else {
    for (int i = 0; i < count; ++i) sum[i] += step.sign * largest[i];
  }
}

// The second half, whose pixels go into the hinges of both filters of the pair
// (or of one, the other null) strip by strip.
TIEPOINT_ALL_PROCESSORS void ToHinges(const FilterBank::Tile& in, int side,
                                      const HingeStep* first,
                                      const HingeStep* second, float* largest,
                                      float* sum) {
  Strips s;
  for (int x = 0; x < side; x += kColumns) {
    const int at = x / kColumns * kStrip;
    TransformStrip<kColumns>(in.im.data() + at, in.re.data() + at, s.a_im,
                             s.a_re, s.b_im, s.b_re);
    if (first != nullptr) {
      Radix2(s.b_re, s.a_re, kColumns);
      TakeIn(*first, s.a_re, side * kColumns, largest + at, sum + at);
    }
    if (second != nullptr) {
      Radix2(s.b_im, s.a_im, kColumns);
      TakeIn(*second, s.a_im, side * kColumns, largest + at, sum + at);
    }
  }
}

// Where row u and column v of a spectrum are.
int PlaceInStrips(int u, int v) {
  return v / kColumns * kStrip + u * kColumns + v % kColumns;
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
          pair.re[PlaceInStrips(u, v)] += static_cast<float>(s.real());
          pair.im[PlaceInStrips(u, v)] += static_cast<float>(s.imag());
        }
      }
    }
  });
}

void FilterBank::SetChannel(Workspace& work, int channel) const {
  work.spectra.resize(channels_);
  std::fill(work.input.im.begin(), work.input.im.end(), 0.0f);
  Forward(work.input.re.data(), work.input.im.data(), work.transposed,
          work.spectra[channel]);
}

void FilterBank::Run(
    Workspace& work,
    const std::function<void(int, const float*)>& visit) const {
  Tile& result = work.input;
  for (int c = 0; c < count_; c += 2) {
    MultiplyAndTransform(
        work.spectra.data(),
        spectra_.data() + static_cast<size_t>(c / 2) * channels_, channels_,
        work.transposed);
    ToPixels(work.transposed, result);
    visit(c, result.re.data());
    if (c + 1 < count_) visit(c + 1, result.im.data());
  }
}

void FilterBank::RunHinges(
    Workspace& work, const Hinges& hinges,
    const std::function<void(int, const float*)>& visit) const {
  work.largest.resize(kTile * kTile);
  work.sum.resize(kTile * kTile);
  const int side = ResultSide();
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
    for (int x = 0; x < side; x += kColumns) {
      for (int y = 0; y < side; ++y) {
        std::copy_n(work.sum.data() + x / kColumns * kStrip + y * kColumns,
                    kColumns, map + y * kStride + x);
      }
    }
    visit(filter / filters, map);
  };
  for (int c = 0; c < count_; c += 2) {
    MultiplyAndTransform(
        work.spectra.data(),
        spectra_.data() + static_cast<size_t>(c / 2) * channels_, channels_,
        work.transposed);
    const auto take = [&](const HingeStep* first, const HingeStep* second) {
      ToHinges(work.transposed, side, first, second, work.largest.data(),
               work.sum.data());
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
