// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/plain_layers.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;

// Gaussian weighted mean along one axis of a line of `count` numbers `step`
// apart, over what lies inside. Both axes in turn give exactly the border
// correction of the two-dimensional window, because the window is separable.
void BlurLine(const std::vector<float>& kernel, const float* in, int count,
              int step, float* out) {
  const int radius = static_cast<int>(kernel.size()) / 2;
  for (int i = 0; i < count; ++i) {
    float sum = 0, weight = 0;
    for (int d = std::max(-radius, -i); d <= std::min(radius, count - 1 - i);
         ++d) {
      sum += kernel[d + radius] * in[(i + d) * step];
      weight += kernel[d + radius];
    }
    out[i * step] = sum / weight;
  }
}

}  // namespace

void Pool(const LayerSpec& layer, const Shape& in_shape, const Shape& out_shape,
          const float* in, float* out) {
  const int k = layer.kernel, channels = in_shape.channels;
  const auto visit = [&](float start, const auto& step, const auto& finish) {
    for (int y = 0; y < out_shape.height; ++y) {
      for (int x = 0; x < out_shape.width; ++x) {
        std::fill(out, out + channels, start);
        for (int i = 0; i < k; ++i) {
          const float* row =
              in + (static_cast<size_t>(y * k + i) * in_shape.width + x * k) *
                       channels;
          for (int j = 0; j < k; ++j, row += channels) {
            for (int c = 0; c < channels; ++c) out[c] = step(out[c], row[c]);
          }
        }
        for (int c = 0; c < channels; ++c) out[c] = finish(out[c]);
        out += channels;
      }
    }
  };
  if (layer.type == Type::kMaxPool) {
    visit(
        -INFINITY, [](float a, float v) { return a > v ? a : v; },
        [](float a) { return a; });
  } else if (layer.type == Type::kAveragePool) {
    const float scale = 1.0f / static_cast<float>(k * k);
    visit(
        0, [](float a, float v) { return a + v; },
        [scale](float a) { return a * scale; });
  } else {
    visit(
        0, [](float a, float v) { return a + v * v; },
        [](float a) { return std::sqrt(a); });
  }
}

void SubtractMean(const LayerSpec& layer, const Shape& shape, float* data) {
  const int radius = layer.kernel / 2;
  const double sigma = layer.kernel / 4.0;
  std::vector<float> kernel(layer.kernel);
  for (int d = -radius; d <= radius; ++d) {
    kernel[d + radius] =
        static_cast<float>(std::exp(-d * d / (2 * sigma * sigma)));
  }
  const int width = shape.width, height = shape.height, c = shape.channels;
  const size_t pixels = static_cast<size_t>(width) * height;
  std::vector<float> mean(pixels), rows(pixels);
  for (size_t p = 0; p < pixels; ++p) {
    float sum = 0;
    for (int i = 0; i < c; ++i) sum += data[p * c + i];
    mean[p] = sum / static_cast<float>(c);
  }
  for (int y = 0; y < height; ++y) {
    const size_t row = static_cast<size_t>(y) * width;
    BlurLine(kernel, mean.data() + row, width, 1, rows.data() + row);
  }
  for (int x = 0; x < width; ++x) {
    BlurLine(kernel, rows.data() + x, height, width, mean.data() + x);
  }
  for (size_t p = 0; p < pixels; ++p) {
    for (int i = 0; i < c; ++i) data[p * c + i] -= mean[p];
  }
}

void Hinge(const LayerSpec& layer, const Shape& shape, const float* in,
           float* out) {
  const size_t count = static_cast<size_t>(shape.width) * shape.height *
                       (shape.channels / (layer.sums * layer.maxes));
  for (size_t p = 0; p < count; ++p) {
    float sum = 0;
    for (int s = 0; s < layer.sums; ++s, in += layer.maxes) {
      float largest = in[0];
      for (int m = 1; m < layer.maxes; ++m) {
        largest = in[m] > largest ? in[m] : largest;
      }
      sum += s % 2 == 0 ? largest : -largest;
    }
    out[p] = sum;
  }
}

void Normalize(const Shape& shape, float* data) {
  double squares = 0;
  for (int i = 0; i < shape.Size(); ++i) squares += double(data[i]) * data[i];
  const float scale =
      squares > 0 ? static_cast<float>(1 / std::sqrt(squares)) : 0;
  for (int i = 0; i < shape.Size(); ++i) data[i] *= scale;
}

void MeanDirection(const Shape& in, const float* data, float* out) {
  const int width = in.width, reach = PeakReach(width);
  const float largest = *std::max_element(data, data + in.Size());
  // Once around and `reach` columns more on either side.
  std::vector<double> share(width + 2 * reach);
  double sum = 0;
  for (int i = 0; i < in.Size(); ++i) {
    const double p = std::exp(double(data[i]) - largest);
    share[reach + i % width] += p;
    sum += p;
  }
  for (int k = 0; k < reach; ++k) {
    share[k] = share[k + width];
    share[reach + width + k] = share[reach + k];
  }
  int peak = 0;
  double most = -1;
  for (int x = 0; x < width; ++x) {
    double around = 0;
    for (int k = 0; k <= 2 * reach; ++k) {
      around += (reach + 1 - std::abs(k - reach)) * share[x + k];
    }
    if (around > most) {
      most = around;
      peak = x;
    }
  }
  const double step = 2 * std::numbers::pi / width;
  double cosine = 0, sine = 0;
  for (int k = 0; k <= 2 * reach; ++k) {
    cosine += share[peak + k] * std::cos(step * (peak + k - reach));
    sine += share[peak + k] * std::sin(step * (peak + k - reach));
  }
  out[0] = static_cast<float>(cosine / sum);
  out[1] = static_cast<float>(sine / sum);
}

void NhwcFromNchw(const float* in, const Shape& shape, float* out) {
  const int pixels = shape.height * shape.width;
  for (int c = 0; c < shape.channels; ++c) {
    for (int p = 0; p < pixels; ++p) out[p * shape.channels + c] = *in++;
  }
}

void NchwFromNhwc(const float* in, const Shape& shape, float* out) {
  const int pixels = shape.height * shape.width;
  for (int c = 0; c < shape.channels; ++c) {
    for (int p = 0; p < pixels; ++p) *out++ = in[p * shape.channels + c];
  }
}

}  // namespace tiepoint
