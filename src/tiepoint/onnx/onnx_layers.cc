// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/onnx/onnx_layers.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/network/jet.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;
using Ints = std::vector<int64_t>;

// Operators with one number for each value of a sample, one after the other. A
// sample is made flat for it: OpenCV spreads such numbers over a batch of rows
// alone.
std::string EachPixel(
    const std::vector<std::pair<std::string, std::string>>& operators,
    const Shape& shape, const std::string& input, OnnxGraph& graph) {
  std::string x =
      graph.Node("Flatten", {input}, "flat", {{"axis", int64_t{1}}});
  for (const auto& [op, constant] : operators) {
    x = graph.Node(op, {x, constant}, "each_pixel");
  }
  return graph.Node("Reshape",
                    {x, graph.Integers("sizes", {-1, shape.channels,
                                                 shape.height, shape.width})},
                    "pixels");
}

// Operators with the names of one layer in front.
class LayerWriter {
 public:
  LayerWriter(const Model& model, OnnxGraph& graph)
      : model_(model), graph_(graph) {}

  std::string Run(std::string x) {
    const std::vector<LayerSpec>& layers = model_.spec.layers;
    const std::vector<Shape> shapes = Shapes(model_.spec, model_.spec.input);
    for (size_t i = 0; i < layers.size(); ++i) {
      const bool hinged =
          i + 1 < layers.size() && layers[i + 1].type == Type::kGhh;
      if (hinged && layers[i].HasWeights()) {
        x = Hinge(layers[i], layers[i + 1], shapes[i], x);
        ++i;
      } else {
        x = Layer(layers[i], shapes[i], x);
      }
    }
    return x;
  }

 private:
  std::string Layer(const LayerSpec& layer, const Shape& shape,
                    const std::string& x) {
    switch (layer.type) {
      case Type::kConv:
      case Type::kLinear:
        return Weighted(layer, shape, x, layer.name, 0, 1);
      case Type::kRelu:
        return graph_.Node("Relu", {x}, "relu");
      case Type::kTanh:
        return graph_.Node("Tanh", {x}, "tanh");
      case Type::kMaxPool:
        return Pool("MaxPool", layer, x);
      case Type::kAveragePool:
        return Pool("AveragePool", layer, x);
      case Type::kL2Pool: {
        const std::string mean =
            Pool("AveragePool", layer, graph_.Node("Mul", {x, x}, "square"));
        const std::string sum = graph_.Node(
            "Mul", {mean, graph_.Number("window", layer.kernel * layer.kernel)},
            "sum");
        return graph_.Node("Sqrt", {sum}, "l2_pool");
      }
      case Type::kSubtractiveNorm:
        return SubtractMean(layer, shape, x);
      case Type::kL2Normalize:
        return Normalize(shape, x);
      case Type::kCircularSoftArgmax:
        return Direction(shape, x);
      case Type::kJet:
        return Jet(x);
      case Type::kGhh:
        break;
    }
    throw InputError("network '" + model_.spec.architecture +
                     "' has a hinge that follows no weights: ONNX has no such "
                     "layer");
  }

  // Outputs first, first + step, ... of a convolution or linear layer.
  std::string Weighted(const LayerSpec& layer, const Shape& shape,
                       const std::string& x, const std::string& name, int first,
                       int step) {
    Ints sizes = WeightShape(layer, shape);
    int64_t row = 1;
    for (size_t i = 1; i < sizes.size(); ++i) row *= sizes[i];
    const Tensor& weight = model_.weights.at(layer.name + ".weight");
    const Tensor& bias = model_.weights.at(layer.name + ".bias");
    std::vector<float> rows, biases;
    for (int o = first; o < layer.out; o += step) {
      rows.insert(rows.end(), weight.data.begin() + o * row,
                  weight.data.begin() + (o + 1) * row);
      biases.push_back(bias.data[o]);
    }
    sizes[0] = std::ssize(biases);
    const std::string w = graph_.Constant(name + ".weight", sizes, rows);
    const std::string b = graph_.Constant(name + ".bias", {sizes[0]}, biases);
    if (layer.type == Type::kLinear) {
      return graph_.Node("Gemm", {Flat(x), w, b}, name,
                         {{"transB", int64_t{1}}});
    }
    const int64_t p = layer.padding, k = layer.kernel;
    const std::string in = layer.circular_x ? Wrapped(x, shape, p) : x;
    const int64_t sides = layer.circular_x ? 0 : p;
    return graph_.Node("Conv", {in, w, b}, name,
                       {{"kernel_shape", Ints{k, k}},
                        {"strides", Ints{layer.StrideY(), layer.stride}},
                        {"pads", Ints{p, sides, p, sides}}});
  }

  // Columns from one side to the other, so that there is no border.
  std::string Wrapped(const std::string& x, const Shape& shape, int64_t p) {
    if (p == 0) return x;
    const std::string axis = graph_.Integers("columns", {3});
    const auto columns = [&](int64_t begin, int64_t end) {
      return graph_.Node("Slice",
                         {x, graph_.Integers("begin", {begin}),
                          graph_.Integers("end", {end}), axis},
                         "side");
    };
    const std::string left = columns(shape.width - p, shape.width);
    const std::string right = columns(0, p);
    return graph_.Node("Concat", {left, x, right}, "wrapped",
                       {{"axis", int64_t{3}}});
  }

  // Weights and the GHH behind them: a tensor for each m, the maximum of
  // these, and the sum over s with its signs as one more layer of weights.
  std::string Hinge(const LayerSpec& layer, const LayerSpec& ghh,
                    const Shape& shape, const std::string& x) {
    std::vector<std::string> parts;
    parts.reserve(ghh.maxes);
    for (int m = 0; m < ghh.maxes; ++m) {
      parts.push_back(Weighted(
          layer, shape, x, layer.name + "_" + std::to_string(m), m, ghh.maxes));
    }
    const std::string largest =
        parts.size() == 1 ? parts[0] : graph_.Node("Max", parts, "max");
    const int outputs = layer.out / (ghh.sums * ghh.maxes);
    std::vector<float> signs(static_cast<size_t>(outputs) * outputs * ghh.sums);
    for (int o = 0; o < outputs; ++o) {
      for (int s = 0; s < ghh.sums; ++s) {
        signs[(o * outputs + o) * ghh.sums + s] = s % 2 == 0 ? 1 : -1;
      }
    }
    const int64_t columns = int64_t{outputs} * ghh.sums;
    if (layer.type == Type::kLinear) {
      const std::string w = graph_.Constant("signs", {outputs, columns}, signs);
      const std::string b =
          graph_.Constant("no_bias", {outputs}, std::vector<float>(outputs));
      return graph_.Node("Gemm", {largest, w, b}, "ghh",
                         {{"transB", int64_t{1}}});
    }
    const std::string w =
        graph_.Constant("signs", {outputs, columns, 1, 1}, signs);
    return graph_.Node("Conv", {largest, w}, "ghh",
                       {{"kernel_shape", Ints{1, 1}}});
  }

  std::string Pool(const std::string& op, const LayerSpec& layer,
                   const std::string& x) {
    const Ints window = {layer.kernel, layer.kernel};
    return graph_.Node(op, {x}, "pool",
                       {{"kernel_shape", window}, {"strides", window}});
  }

  // (N, numbers); nothing changes where that is so already.
  std::string Flat(const std::string& x) {
    return graph_.Node("Flatten", {x}, "flat", {{"axis", int64_t{1}}});
  }

  // The mean is one convolution over all channels, its weights at the border
  // made up for by a map; the sizes of patches are known.
  std::string SubtractMean(const LayerSpec& layer, const Shape& shape,
                           const std::string& x) {
    const int k = layer.kernel, radius = k / 2, c = shape.channels;
    const double sigma = k / 4.0;
    std::vector<float> kernel(static_cast<size_t>(c) * c * k * k);
    std::vector<float> share(static_cast<size_t>(c) * shape.height *
                             shape.width);
    const auto weight = [&](int i, int j) {
      return std::exp(-(i * i + j * j) / (2 * sigma * sigma));
    };
    for (size_t i = 0; i < kernel.size(); ++i) {
      const int place = static_cast<int>(i % (k * k));
      kernel[i] = static_cast<float>(
          weight(place / k - radius, place % k - radius) / c);
    }
    for (size_t p = 0; p < share.size(); ++p) {
      const int x0 = static_cast<int>(p % shape.width);
      const int y0 = static_cast<int>(p / shape.width % shape.height);
      double total = 0;
      for (int i = -radius; i <= radius; ++i) {
        for (int j = -radius; j <= radius; ++j) {
          const bool inside = y0 + i >= 0 && y0 + i < shape.height &&
                              x0 + j >= 0 && x0 + j < shape.width;
          if (inside) total += weight(i, j);
        }
      }
      share[p] = static_cast<float>(1 / total);
    }
    const std::string sums = graph_.Node(
        "Conv", {x, graph_.Constant("gaussian", {c, c, k, k}, kernel)}, "sums",
        {{"kernel_shape", Ints{k, k}},
         {"pads", Ints{radius, radius, radius, radius}}});
    const std::string mean =
        EachPixel({{"Mul", graph_.Constant("share", {shape.Size()}, share)}},
                  shape, sums, graph_);
    return graph_.Node("Sub", {x, mean}, "subtractive_norm");
  }

  std::string Normalize(const Shape& shape, const std::string& x) {
    const std::string flat = Flat(x);
    const std::string squares = graph_.Node("Mul", {flat, flat}, "squares");
    const std::string sum = graph_.Node(
        "MatMul",
        {squares, graph_.Constant("ones", {shape.Size(), 1},
                                  std::vector<float>(shape.Size(), 1))},
        "sum");
    // So little that it changes nothing but 0 / 0.
    const std::string positive =
        graph_.Node("Add", {sum, graph_.Number("tiny", 1e-24)}, "positive");
    const std::string length = SpreadRows(
        graph_.Node("Sqrt", {positive}, "length"), shape.Size(), graph_);
    return graph_.Node("Div", {flat, length}, "l2_normalize");
  }

  // Constant matrix of `width` columns' shares to `width` numbers.
  template <typename Entry>
  std::string Columns(const std::string& name, int width, const Entry& entry) {
    std::vector<float> matrix(static_cast<size_t>(width) * width);
    for (int u = 0; u < width; ++u) {
      for (int x = 0; x < width; ++x) {
        // Signed distance of column u from column x, the shorter way around.
        int k = ((u - x) % width + width) % width;
        if (k > width / 2) k -= width;
        matrix[u * width + x] = static_cast<float>(entry(u, k));
      }
    }
    return graph_.Constant(name, {width, width}, matrix);
  }

  // kCircularSoftArgmax: for each column as the peak what lies around it and
  // the direction that this gives, then the answer of the best.
  std::string Direction(const Shape& shape, const std::string& x) {
    const int width = shape.width, reach = PeakReach(width);
    const std::string share =
        graph_.Node("Softmax", {Flat(x)}, "share", {{"axis", int64_t{1}}});
    std::vector<float> rows(static_cast<size_t>(shape.height) * width * width);
    for (int i = 0; i < shape.height * width; ++i) {
      rows[i * width + i % width] = 1;
    }
    const std::string column = graph_.Node(
        "MatMul",
        {share,
         graph_.Constant("sum_of_rows", {shape.height * width, width}, rows)},
        "column");
    const auto around = [&](const std::string& name, const auto& entry) {
      const std::string matrix = Columns(name, width, [&](int u, int k) {
        return std::abs(k) <= reach ? entry(u, std::abs(k)) : 0.0;
      });
      return graph_.Node("MatMul", {column, matrix}, "around");
    };
    const double turn = 2 * std::numbers::pi / width;
    const std::string most =
        around("peak", [&](int, int k) { return reach + 1.0 - k; });
    const std::string cosine =
        around("cosine", [&](int u, int) { return std::cos(turn * u); });
    const std::string sine =
        around("sine", [&](int u, int) { return std::sin(turn * u); });
    // 1 where it is largest, 0 elsewhere; of two that are equal to six digits
    // both, in parts.
    const std::string sharp =
        graph_.Node("Mul", {most, graph_.Number("sharpness", 1e6)}, "sharp");
    const std::string best =
        graph_.Node("Softmax", {sharp}, "best", {{"axis", int64_t{1}}});
    const std::string ones =
        graph_.Constant("ones", {width, 1}, std::vector<float>(width, 1));
    const auto chosen = [&](const std::string& of_each) {
      return graph_.Node("MatMul",
                         {graph_.Node("Mul", {best, of_each}, "of_best"), ones},
                         "chosen");
    };
    return graph_.Node("Concat", {chosen(cosine), chosen(sine)}, "direction",
                       {{"axis", int64_t{1}}});
  }

  std::string Jet(const std::string& x) {
    std::vector<std::string> channels;
    for (const double sigma : kJetSigmas) {
      const std::vector<float> half = JetKernel(sigma);
      const int64_t size = 2 * std::ssize(half) - 1;
      std::vector<float> line(size);
      for (int64_t i = 0; i < size; ++i) {
        line[i] = half[std::abs(i - (std::ssize(half) - 1))];
      }
      const std::string blurred = graph_.Node(
          "Conv",
          {graph_.Node("Conv",
                       {x, graph_.Constant("blur_y", {1, 1, size, 1}, line)},
                       "blurred_y", {{"kernel_shape", Ints{size, 1}}}),
           graph_.Constant("blur_x", {1, 1, 1, size}, line)},
          "blurred", {{"kernel_shape", Ints{1, size}}});
      AddInvariants(blurred, static_cast<float>(sigma), channels);
    }
    return graph_.Node("Concat", channels, "jet", {{"axis", int64_t{1}}});
  }

  void AddInvariants(const std::string& blurred, float s,
                     std::vector<std::string>& channels) {
    const float q = s * s;
    const std::string laplace = graph_.Constant(
        "laplace", {1, 1, 3, 3}, {0, -q, 0, -q, 4 * q, -q, 0, -q, 0});
    // xx - yy, 2 xy, x, y.
    const std::string pairs = graph_.Constant(
        "derivatives", {4, 1, 3, 3},
        {0, -q, 0, q,      0,      q,     0, -q, 0, q / 2,  0,     -q / 2,
         0, 0,  0, -q / 2, 0,      q / 2, 0, 0,  0, -s / 2, 0,     s / 2,
         0, 0,  0, 0,      -s / 2, 0,     0, 0,  0, 0,      s / 2, 0});
    const OnnxGraph::Attributes three = {{"kernel_shape", Ints{3, 3}}};
    channels.push_back(graph_.Node("Conv", {blurred, laplace}, "dark", three));
    const std::string d = graph_.Node("Conv", {blurred, pairs}, "pairs", three);
    const std::string sums = graph_.Node(
        "Conv",
        {graph_.Node("Mul", {d, d}, "squares"),
         graph_.Constant("two_by_two", {2, 4, 1, 1}, {1, 1, 0, 0, 0, 0, 1, 1})},
        "sums", {{"kernel_shape", Ints{1, 1}}});
    channels.push_back(graph_.Node("Sqrt", {sums}, "lengths"));
  }

  const Model& model_;
  OnnxGraph& graph_;
};

}  // namespace

std::string AddNormalization(const Model& model, const std::string& input,
                             OnnxGraph& graph) {
  const Shape& shape = model.spec.input;
  if (!model.pixel_mean.empty()) {
    const int64_t size = std::ssize(model.pixel_mean);
    std::vector<float> scale(size);
    std::transform(model.pixel_deviation.begin(), model.pixel_deviation.end(),
                   scale.begin(), [](float d) { return 1 / d; });
    return EachPixel(
        {{"Sub", graph.Constant("pixel_mean", {size}, model.pixel_mean)},
         {"Mul", graph.Constant("pixel_scale", {size}, scale)}},
        shape, input, graph);
  }
  if (model.per_patch) {
    if (shape.channels != 1) {
      throw InputError("network '" + model.spec.architecture +
                       "' normalises patches of several channels: that cannot "
                       "be written as ONNX yet");
    }
    return graph.Node("InstanceNormalization",
                      {input, graph.Number("one", 1), graph.Number("zero", 0)},
                      "normalised", {{"epsilon", 1e-6f}});
  }
  if (model.mean == 0 && model.deviation == 1) return input;
  const std::string centred =
      graph.Node("Sub", {input, graph.Number("mean", model.mean)}, "centred");
  return graph.Node("Mul",
                    {centred, graph.Number("scale", 1 / model.deviation)},
                    "normalised");
}

std::string AddLayers(const Model& model, const std::string& input,
                      OnnxGraph& graph) {
  CheckWeights(model);
  return LayerWriter(model, graph).Run(input);
}

std::string SpreadRows(const std::string& input, int columns,
                       OnnxGraph& graph) {
  return graph.Node("MatMul",
                    {input, graph.Constant("ones", {1, columns},
                                           std::vector<float>(columns, 1))},
                    "spread");
}

bool IsDense(const NetworkSpec& spec) {
  const bool local = std::all_of(
      spec.layers.begin(), spec.layers.end(), [](const LayerSpec& layer) {
        return (layer.type == Type::kConv && !layer.circular_x) ||
               layer.type == Type::kRelu || layer.type == Type::kTanh ||
               layer.type == Type::kGhh || layer.type == Type::kJet;
      });
  return local && OutputShape(spec) == Shape{1, 1, 1};
}

}  // namespace tiepoint
