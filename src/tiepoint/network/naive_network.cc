// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/naive_network.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/network/jet.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;

// Channels x height x width numbers.
struct Map {
  Shape shape;
  std::vector<double> data;

  explicit Map(const Shape& s) : shape(s), data(s.Size()) {}
  double& At(int c, int y, int x) {
    return data[(c * shape.height + y) * shape.width + x];
  }
  double At(int c, int y, int x) const {
    return data[(c * shape.height + y) * shape.width + x];
  }
  bool Inside(int y, int x) const {
    return y >= 0 && y < shape.height && x >= 0 && x < shape.width;
  }
};

const Tensor& Find(const Model& model, const std::string& name, int64_t size) {
  const auto found = model.weights.find(name);
  if (found == model.weights.end() ||
      static_cast<int64_t>(found->second.data.size()) != size) {
    throw InputError("tensor '" + name + "' of network '" +
                     model.spec.architecture +
                     "' is missing or does not fit its input");
  }
  return found->second;
}

void Convolve(const LayerSpec& layer, const Tensor& weight, const Tensor& bias,
              const Map& in, Map& out) {
  const int k = layer.kernel;
  for (int o = 0; o < out.shape.channels; ++o) {
    for (int y = 0; y < out.shape.height; ++y) {
      for (int x = 0; x < out.shape.width; ++x) {
        double sum = bias.data[o];
        for (int c = 0; c < in.shape.channels; ++c) {
          for (int i = 0; i < k; ++i) {
            for (int j = 0; j < k; ++j) {
              const int v = y * layer.StrideY() + i - layer.padding;
              int u = x * layer.stride + j - layer.padding;
              if (layer.circular_x) {
                u = (u + in.shape.width) % in.shape.width;
              }
              if (!in.Inside(v, u)) continue;
              sum += in.At(c, v, u) *
                     weight.data[((o * in.shape.channels + c) * k + i) * k + j];
            }
          }
        }
        out.At(o, y, x) = sum;
      }
    }
  }
}

void Multiply(const Tensor& weight, const Tensor& bias, const Map& in,
              Map& out) {
  const size_t inputs = in.data.size();
  for (size_t o = 0; o < out.data.size(); ++o) {
    out.data[o] = bias.data[o];
    for (size_t i = 0; i < inputs; ++i) {
      out.data[o] += weight.data[o * inputs + i] * in.data[i];
    }
  }
}

void Pool(const LayerSpec& layer, const Map& in, Map& out) {
  const int k = layer.kernel;
  for (int c = 0; c < out.shape.channels; ++c) {
    for (int y = 0; y < out.shape.height; ++y) {
      for (int x = 0; x < out.shape.width; ++x) {
        double largest = in.At(c, y * k, x * k), sum = 0, squares = 0;
        for (int i = 0; i < k; ++i) {
          for (int j = 0; j < k; ++j) {
            const double v = in.At(c, y * k + i, x * k + j);
            largest = std::max(largest, v);
            sum += v;
            squares += v * v;
          }
        }
        out.At(c, y, x) = layer.type == Type::kMaxPool ? largest
                          : layer.type == Type::kAveragePool
                              ? sum / (k * k)
                              : std::sqrt(squares);
      }
    }
  }
}

void SubtractMean(const LayerSpec& layer, const Map& in, Map& out) {
  const int radius = layer.kernel / 2;
  const double sigma = layer.kernel / 4.0;
  for (int y = 0; y < in.shape.height; ++y) {
    for (int x = 0; x < in.shape.width; ++x) {
      double sum = 0, total_weight = 0;
      for (int i = -radius; i <= radius; ++i) {
        for (int j = -radius; j <= radius; ++j) {
          if (!in.Inside(y + i, x + j)) continue;
          const double w = std::exp(-(i * i + j * j) / (2 * sigma * sigma));
          for (int c = 0; c < in.shape.channels; ++c) {
            sum += w * in.At(c, y + i, x + j);
            total_weight += w;
          }
        }
      }
      for (int c = 0; c < in.shape.channels; ++c) {
        out.At(c, y, x) = in.At(c, y, x) - sum / total_weight;
      }
    }
  }
}

void Hinge(const LayerSpec& layer, const Map& in, Map& out) {
  for (int o = 0; o < out.shape.channels; ++o) {
    for (int y = 0; y < out.shape.height; ++y) {
      for (int x = 0; x < out.shape.width; ++x) {
        double sum = 0;
        for (int s = 0; s < layer.sums; ++s) {
          const int first = (o * layer.sums + s) * layer.maxes;
          double largest = in.At(first, y, x);
          for (int m = 1; m < layer.maxes; ++m) {
            largest = std::max(largest, in.At(first + m, y, x));
          }
          sum += s % 2 == 0 ? largest : -largest;
        }
        out.At(o, y, x) = sum;
      }
    }
  }
}

void Normalize(const Map& in, Map& out) {
  double squares = 0;
  for (const double v : in.data) squares += v * v;
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  for (size_t i = 0; i < in.data.size(); ++i) out.data[i] = scale * in.data[i];
}

void MeanDirection(const Map& in, Map& out) {
  const double largest = *std::max_element(in.data.begin(), in.data.end());
  const int width = in.shape.width, reach = PeakReach(width);
  std::vector<double> share(width);
  double sum = 0;
  for (size_t i = 0; i < in.data.size(); ++i) {
    const double p = std::exp(in.data[i] - largest);
    share[i % width] += p;
    sum += p;
  }
  const auto at = [&](int column) { return share[(column + width) % width]; };
  int peak = 0;
  double most = -1;
  for (int x = 0; x < width; ++x) {
    double around = 0;
    for (int k = -reach; k <= reach; ++k) {
      around += (reach + 1 - std::abs(k)) * at(x + k);
    }
    if (around > most) {
      most = around;
      peak = x;
    }
  }
  double cosine = 0, sine = 0;
  for (int k = -reach; k <= reach; ++k) {
    const double angle = 2 * std::numbers::pi * (peak + k) / width;
    cosine += at(peak + k) * std::cos(angle);
    sine += at(peak + k) * std::sin(angle);
  }
  out.data = {cosine / sum, sine / sum};
}

// From the definition, without a thought for time.
void Jet(const Map& in, Map& out) {
  for (size_t s = 0; s < kJetSigmas.size(); ++s) {
    const double sigma = kJetSigmas[s];
    const std::vector<float> kernel = JetKernel(sigma);
    const int radius = kJetReach - 1;
    const auto blurred = [&](int y, int x) {
      double sum = 0;
      for (int i = -radius; i <= radius; ++i) {
        for (int j = -radius; j <= radius; ++j) {
          sum += double{kernel[std::abs(i)]} * kernel[std::abs(j)] *
                 in.At(0, y + i, x + j);
        }
      }
      return sum;
    };
    for (int y = 0; y < out.shape.height; ++y) {
      for (int x = 0; x < out.shape.width; ++x) {
        double b[3][3];
        for (int i = 0; i < 3; ++i) {
          for (int j = 0; j < 3; ++j) {
            b[i][j] = blurred(y + kJetReach + i - 1, x + kJetReach + j - 1);
          }
        }
        const double dx = (b[1][2] - b[1][0]) / 2, dy = (b[2][1] - b[0][1]) / 2;
        const double xx = b[1][0] - 2 * b[1][1] + b[1][2];
        const double yy = b[0][1] - 2 * b[1][1] + b[2][1];
        const double xy = (b[2][2] - b[2][0] - b[0][2] + b[0][0]) / 4;
        const int c = static_cast<int>(3 * s);
        out.At(c, y, x) = -sigma * sigma * (xx + yy);
        out.At(c + 1, y, x) = sigma * sigma * std::hypot(xx - yy, 2 * xy);
        out.At(c + 2, y, x) = sigma * std::hypot(dx, dy);
      }
    }
  }
}

Map RunLayer(const Model& model, const LayerSpec& layer, const Map& in) {
  Map out(OutputShape(layer, in.shape));
  switch (layer.type) {
    case Type::kConv:
    case Type::kLinear: {
      int64_t size = 1;
      for (const int64_t n : WeightShape(layer, in.shape)) size *= n;
      const Tensor& weight = Find(model, layer.name + ".weight", size);
      const Tensor& bias = Find(model, layer.name + ".bias", layer.out);
      if (layer.type == Type::kConv) {
        Convolve(layer, weight, bias, in, out);
      } else {
        Multiply(weight, bias, in, out);
      }
      break;
    }
    case Type::kRelu:
      for (size_t i = 0; i < in.data.size(); ++i) {
        out.data[i] = std::max(in.data[i], 0.0);
      }
      break;
    case Type::kTanh:
      for (size_t i = 0; i < in.data.size(); ++i) {
        out.data[i] = std::tanh(in.data[i]);
      }
      break;
    case Type::kMaxPool:
    case Type::kAveragePool:
    case Type::kL2Pool:
      Pool(layer, in, out);
      break;
    case Type::kSubtractiveNorm:
      SubtractMean(layer, in, out);
      break;
    case Type::kGhh:
      Hinge(layer, in, out);
      break;
    case Type::kL2Normalize:
      Normalize(in, out);
      break;
    case Type::kCircularSoftArgmax:
      MeanDirection(in, out);
      break;
    case Type::kJet:
      Jet(in, out);
      break;
  }
  return out;
}

}  // namespace

std::vector<float> RunNaive(const Model& model, const Shape& input,
                            const std::vector<float>& data) {
  if (data.size() != static_cast<size_t>(input.Size())) {
    throw InputError("the input of network '" + model.spec.architecture +
                     "' has the wrong number of values");
  }
  Map map(input);
  map.data.assign(data.begin(), data.end());
  for (const LayerSpec& layer : model.spec.layers) {
    map = RunLayer(model, layer, map);
  }
  return {map.data.begin(), map.data.end()};
}

}  // namespace tiepoint
