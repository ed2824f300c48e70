// SPDX-License-Identifier: Apache-2.0
// What a network is: a chain of layers, written once as data and stored in the
// weights file. Three things are built from it: the naive loops (oracle), the
// oneDNN engine (inference) and the LibTorch module (training). Tensors are
// NCHW; convolutions are cross-correlations (kernels not flipped).
#pragma once

#include <string>
#include <vector>

namespace tiepoint {

struct LayerSpec {
  enum class Type {
    // out channels, kernel x kernel, stride, `padding` zeros a side. With
    // circular_x the columns wrap around and only the rows get zeros (for
    // log-polar patches); stride_y is that of the rows where it differs.
    // Weights (out, in, kernel, kernel), bias (out).
    kConv,
    // All inputs (C H W, in this order) to `out` numbers, shape (out, 1, 1).
    // Weights (out, in), bias (out).
    kLinear,
    kRelu,  // max(x, 0)
    kTanh,
    kMaxPool,      // kernel x kernel, stride kernel, floor
    kAveragePool,  // same windows
    kL2Pool,       // sqrt(sum x^2) over the same windows (DeepDesc)
    // Removes the weighted mean over all channels in a Gaussian kernel x kernel
    // window (sigma = kernel / 4), border-corrected (DeepDesc, spec section 2).
    kSubtractiveNorm,
    // Generalised hinging hyperplanes: channel = (o * sums + s) * maxes + m
    // (o: output channel); sum over s of (+1, -1, +1, -1, ...) times the
    // maximum over m (TILDE, LIFT).
    kGhh,
    kL2Normalize,  // the whole output to unit length; zeros stay zeros
    // One channel whose W columns are directions, 2 pi x / W: the softmax over
    // all values, summed over the rows, is a share p of each column. Those
    // within r = PeakReach(W) columns of the peak give (sum p cos, sum p sin),
    // shape (2, 1, 1): of several directions the one, not their mean; its
    // length says how sure the network is. The peak: where the shares around
    // it, weighted r + 1 - |distance|, sum up to most; the first of equals.
    kCircularSoftArgmax,
    // One channel to 6 (jet.h): what no turn of the picture changes in its
    // first and second derivatives, at two scales. Valid part only: kJetReach
    // rows and columns less on each side.
    kJet,
  };
  Type type = Type::kRelu;
  std::string name;  // of the weights: "<name>.weight", "<name>.bias"
  int out = 0;
  int kernel = 0;
  int stride = 1;
  int stride_y = 0;  // 0: as stride
  int padding = 0;
  bool circular_x = false;
  int sums = 4;
  int maxes = 4;

  int StrideY() const { return stride_y > 0 ? stride_y : stride; }
  bool HasWeights() const {
    return type == Type::kConv || type == Type::kLinear;
  }
};

struct Shape {
  int channels = 0;
  int height = 0;
  int width = 0;
  int Size() const { return channels * height * width; }
  bool operator==(const Shape&) const = default;
};

struct NetworkSpec {
  std::string architecture;  // e.g. "lift-detector"
  Shape input;               // of one sample; the detector also runs on larger
  std::vector<LayerSpec> layers;
};

// The shape after `layer`. Throws InputError when the layer cannot take
// `input` (window larger than the map, channels not divisible, ...).
Shape OutputShape(const LayerSpec& layer, const Shape& input);
// Shapes before each layer and after the last: layers.size() + 1 entries.
std::vector<Shape> Shapes(const NetworkSpec& spec, const Shape& input);
Shape OutputShape(const NetworkSpec& spec);

// Multiply-adds of one sample (convolutions and linear layers).
double MultiplyAdds(const NetworkSpec& spec);

// Columns on either side that belong to a peak of kCircularSoftArgmax.
inline int PeakReach(int width) {
  const int reach = 3 * width / 16;  // 67 degrees
  return reach > 0 ? reach : 1;
}

// JSON, the form in the weights file:
// {"architecture": "...", "input": [1, 64, 64], "layers": [
//   {"type": "conv", "name": "conv1", "out": 32, "kernel": 7}, ...]}
std::string ToJson(const NetworkSpec& spec);
NetworkSpec NetworkSpecFromJson(const std::string& json);

}  // namespace tiepoint
