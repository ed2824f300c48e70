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
void ForRows(int height, const F& body) {
  ParallelFor((height + kRowsPerTask - 1) / kRowsPerTask, [&](int task) {
    const int end = std::min(height, (task + 1) * kRowsPerTask);
    for (int y = task * kRowsPerTask; y < end; ++y) body(y);
  });
}

std::vector<float> GaussianKernel(double sigma) {
  const int radius = std::max(1, static_cast<int>(std::ceil(4 * sigma)));
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

std::vector<CubicTaps> MakeCubicTaps(int input, int output, double spacing) {
  std::vector<CubicTaps> taps(output);
  for (int i = 0; i < output; ++i) {
    const double x = (i + 0.5) * spacing - 0.5;
    const double base = std::floor(x);
    const double t = x - base;
    const double w[4] = {
        ((-0.5 * t + 1.0) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t, (0.5 * t - 0.5) * t * t};
    for (int k = 0; k < 4; ++k) {
      taps[i].index[k] = ReflectIndex(static_cast<int>(base) - 1 + k, input);
      taps[i].weight[k] = static_cast<float>(w[k]);
    }
  }
  return taps;
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
  const std::vector<float> kernel = GaussianKernel(sigma);
  const int radius = static_cast<int>(kernel.size()) / 2;
  const int width = image.width, height = image.height;

  GrayImage result(width, height);
  ForRows(height, [&](int y) {
    std::vector<const float*> rows(kernel.size());
    for (int k = -radius; k <= radius; ++k) {
      rows[k + radius] = image.Row(ReflectIndex(y + k, height));
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
               result.Row(y));
  });
  return result;
}

GrayImage Resample(const GrayImage& image, double spacing) {
  if (image.Empty() || spacing == 1) return image;
  const auto size = [&](int n) {
    return std::max(1, static_cast<int>(std::ceil(n / spacing - 1e-9)));
  };
  const int width = size(image.width), height = size(image.height);
  const auto columns = MakeCubicTaps(image.width, width, spacing);
  const auto rows = MakeCubicTaps(image.height, height, spacing);

  GrayImage result(width, height);
  ForRows(height, [&](int y) {
    std::vector<float> line(image.width);
    const CubicTaps& row = rows[y];
    const float* in[4];
    for (int k = 0; k < 4; ++k) in[k] = image.Row(row.index[k]);
    WeightRows(in, row.weight.data(), 4, image.width, line.data());
    float* out = result.Row(y);
    for (int x = 0; x < width; ++x) {
      const CubicTaps& c = columns[x];
      out[x] = c.weight[0] * line[c.index[0]] + c.weight[1] * line[c.index[1]] +
               c.weight[2] * line[c.index[2]] + c.weight[3] * line[c.index[3]];
    }
  });
  return result;
}

}  // namespace tiepoint
