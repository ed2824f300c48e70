// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/filter.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tiepoint/base/all_processors.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

// Rows a task of the parallel loops: large enough to hide the hand-over.
constexpr int kRowsPerTask = 64;

template <typename F>
void ForRows(const RowRange& range, const F& body) {
  ParallelFor((range.Count() + kRowsPerTask - 1) / kRowsPerTask, [&](int task) {
    const int first = range.first + task * kRowsPerTask;
    for (int y = first; y < std::min(range.end, first + kRowsPerTask); ++y) {
      body(y);
    }
  });
}

int RadiusOf(double sigma) {
  return std::max(1, static_cast<int>(std::ceil(4 * sigma)));
}

std::vector<float> GaussianKernel(double sigma) {
  const int radius = RadiusOf(sigma);
  std::vector<double> k(2 * radius + 1);
  double sum = 0;
  for (int i = -radius; i <= radius; ++i) {
    k[i + radius] = std::exp(-0.5 * i * i / (sigma * sigma));
    sum += k[i + radius];
  }
  std::vector<float> kernel(k.size());
  for (size_t i = 0; i < k.size(); ++i) {
    kernel[i] = static_cast<float>(k[i] / sum);
  }
  return kernel;
}

// A vector register, read from any address. GCC would keep the sums of a plain
// loop in memory.
constexpr int kLanes = 8;
using Lanes [[gnu::vector_size(4 * kLanes), gnu::aligned(4), gnu::may_alias]] =
    float;

// out[x] = sum over k of weights[k] rows[k][x].
TIEPOINT_ALL_PROCESSORS void WeightRows(const float* const* rows,
                                        const float* weights, int taps,
                                        int width, float* out) {
  int x = 0;
  for (; x + 4 * kLanes <= width; x += 4 * kLanes) {
    Lanes a = {}, b = {}, c = {}, d = {};
    for (int k = 0; k < taps; ++k) {
      const Lanes* row = reinterpret_cast<const Lanes*>(rows[k] + x);
      const float w = weights[k];
      a += w * row[0];
      b += w * row[1];
      c += w * row[2];
      d += w * row[3];
    }
    Lanes* to = reinterpret_cast<Lanes*>(out + x);
    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = d;
  }
  for (; x < width; ++x) {
    float sum = 0;
    for (int k = 0; k < taps; ++k) sum += weights[k] * rows[k][x];
    out[x] = sum;
  }
}

// The four taps of one output position of cubic convolution.
struct CubicTaps {
  std::array<int, 4> index;
  std::array<float, 4> weight;
};

// Of the outputs of `range`.
std::vector<CubicTaps> MakeCubicTaps(int input, const RowRange& range,
                                     double spacing) {
  std::vector<CubicTaps> taps(range.Count());
  for (int i = range.first; i < range.end; ++i) {
    const double x = (i + 0.5) * spacing - 0.5;
    const double base = std::floor(x);
    const double t = x - base;
    const double w[4] = {
        ((-0.5 * t + 1.0) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t, (0.5 * t - 0.5) * t * t};
    CubicTaps& out = taps[i - range.first];
    for (int k = 0; k < 4; ++k) {
      out.index[k] = ReflectIndex(static_cast<int>(base) - 1 + k, input);
      out.weight[k] = static_cast<float>(w[k]);
    }
  }
  return taps;
}

GrayImage CopyRows(const RowsView& image, const RowRange& out) {
  GrayImage result;
  result.width = image.width;
  result.height = out.Count();
  const float* first = image.Row(out.first);
  result.pixels.assign(first,
                       first + static_cast<size_t>(out.Count()) * image.width);
  return result;
}

}  // namespace

int ReflectIndex(int i, int n) {
  if (n == 1) return 0;
  const int period = 2 * (n - 1);
  i %= period;
  if (i < 0) i += period;
  return i < n ? i : period - i;
}

GrayImage GaussianBlur(const GrayImage& image, double sigma) {
  if (sigma <= 0 || image.Empty()) return image;
  return BlurRows(ViewOf(image), sigma, {0, image.height});
}

RowRange RowsToBlur(const RowRange& out, double sigma, int height) {
  if (out.Empty() || sigma <= 0) return out;
  const int radius = RadiusOf(sigma);
  // What lies beyond a border is a reflection of rows within the radius of it.
  RowRange rows = Inside({out.first - radius, out.end + radius}, height);
  if (out.first < radius) rows.end = std::max(rows.end, radius + 1);
  if (out.end > height - radius) {
    rows.first = std::min(rows.first, height - 1 - radius);
  }
  return Inside(rows, height);
}

GrayImage BlurRows(const RowsView& image, double sigma, const RowRange& out) {
  if (out.Empty()) return GrayImage(image.width, 0);
  if (sigma <= 0) return CopyRows(image, out);
  const std::vector<float> kernel = GaussianKernel(sigma);
  const int radius = static_cast<int>(kernel.size()) / 2;
  const int width = image.width;

  GrayImage result(width, out.Count());
  ForRows(out, [&](int y) {
    std::vector<const float*> rows(kernel.size());
    for (int k = -radius; k <= radius; ++k) {
      rows[k + radius] = image.Row(ReflectIndex(y + k, image.height));
    }
    std::vector<float> padded(width + 2 * radius);
    float* middle = padded.data() + radius;
    WeightRows(rows.data(), kernel.data(), 2 * radius + 1, width, middle);
    for (int k = 0; k < radius; ++k) {
      padded[k] = middle[ReflectIndex(k - radius, width)];
      middle[width + k] = middle[ReflectIndex(width + k, width)];
    }
    for (int k = 0; k <= 2 * radius; ++k) rows[k] = padded.data() + k;
    WeightRows(rows.data(), kernel.data(), 2 * radius + 1, width,
               result.Row(y - out.first));
  });
  return result;
}

GrayImage Resample(const GrayImage& image, double spacing) {
  if (image.Empty()) return image;
  return ResampleRows(ViewOf(image), spacing,
                      {0, ResampledSize(image.height, spacing)});
}

int ResampledSize(int size, double spacing) {
  return std::max(1, static_cast<int>(std::ceil(size / spacing - 1e-9)));
}

RowRange RowsToResample(const RowRange& out, double spacing, int height) {
  if (out.Empty() || spacing == 1) return out;
  RowRange rows;
  for (const int i : {out.first, out.end - 1}) {
    const auto base = static_cast<int>(std::floor((i + 0.5) * spacing - 0.5));
    for (int k = -1; k <= 2; ++k) {
      const int y = ReflectIndex(base + k, height);
      rows = Join(rows, {y, y + 1});
    }
  }
  return rows;
}

GrayImage ResampleRows(const RowsView& image, double spacing,
                       const RowRange& out) {
  const int width = ResampledSize(image.width, spacing);
  if (out.Empty()) return GrayImage(width, 0);
  if (spacing == 1) return CopyRows(image, out);
  const auto columns = MakeCubicTaps(image.width, {0, width}, spacing);
  const auto rows = MakeCubicTaps(image.height, out, spacing);

  GrayImage result(width, out.Count());
  ForRows({0, out.Count()}, [&](int y) {
    std::vector<float> line(image.width);
    const CubicTaps& row = rows[y];
    const float* in[4];
    for (int k = 0; k < 4; ++k) in[k] = image.Row(row.index[k]);
    WeightRows(in, row.weight.data(), 4, image.width, line.data());
    float* to = result.Row(y);
    for (int x = 0; x < width; ++x) {
      const CubicTaps& c = columns[x];
      to[x] = c.weight[0] * line[c.index[0]] + c.weight[1] * line[c.index[1]] +
              c.weight[2] * line[c.index[2]] + c.weight[3] * line[c.index[3]];
    }
  });
  return result;
}

}  // namespace tiepoint
