// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_orientation.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tiepoint/base/error.h"
#include "tiepoint/io/imported_model.h"
#include "tiepoint/io/npy.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using Type = LayerSpec::Type;

constexpr int kPatch = 28;
constexpr int kConvolutions = 3;
constexpr int kLayers = 5;
constexpr double kKept = 0.7;  // of the outputs that dropout leaves

fs::path FolderOf(const std::string& path) {
  if (fs::is_directory(path)) return path;
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

NpyArray ReadShaped(const fs::path& path, size_t dimensions) {
  NpyArray array = ReadNpyArray(path);
  if (array.shape.size() != dimensions) {
    throw InputError(path.string() + ": does not have " +
                     std::to_string(dimensions) + " dimensions");
  }
  for (const double v : array.data) {
    if (std::isfinite(v)) continue;
    throw InputError(path.string() + ": holds a number that is not finite");
  }
  return array;
}

// Weights, (out, inputs) row-major, and bias of a layer, in double.
struct Matrix {
  std::vector<int64_t> shape;  // of the weights, out first
  std::vector<double> weight, bias;
  int64_t Out() const { return shape[0]; }
};

void CheckBias(const fs::path& path, const Matrix& matrix) {
  if (matrix.bias.size() != static_cast<size_t>(matrix.Out())) {
    throw InputError(path.string() + ": does not fit the weights");
  }
}

// (out, in, k, k), each kernel turned by 180 degrees.
Matrix ReadConvolution(const fs::path& weights, const fs::path& bias) {
  NpyArray w = ReadShaped(weights, 4);
  if (w.shape[2] != w.shape[3]) {
    throw InputError(weights.string() + ": kernels are not square");
  }
  const int64_t area = w.shape[2] * w.shape[3];
  for (auto kernel = w.data.begin(); kernel != w.data.end(); kernel += area) {
    std::reverse(kernel, kernel + area);
  }
  Matrix matrix{w.shape, std::move(w.data), ReadShaped(bias, 1).data};
  CheckBias(bias, matrix);
  return matrix;
}

// (in, out, sums, maxes) to (out sums maxes, in).
Matrix ReadHinges(const fs::path& weights, const fs::path& bias, int* sums,
                  int* maxes) {
  const NpyArray w = ReadShaped(weights, 4);
  *sums = static_cast<int>(w.shape[2]);
  *maxes = static_cast<int>(w.shape[3]);
  const int64_t in = w.shape[0];
  const int64_t out = w.shape[1] * w.shape[2] * w.shape[3];
  Matrix matrix{{out, in}, {}, ReadShaped(bias, 3).data};
  matrix.weight.reserve(w.data.size());
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t i = 0; i < in; ++i) {
      matrix.weight.push_back(w.data[i * out + o]);
    }
  }
  CheckBias(bias, matrix);
  return matrix;
}

// The first and the second half of the outputs change places.
void SwapOutputs(Matrix& matrix) {
  const auto rotate = [](std::vector<double>& v) {
    std::rotate(v.begin(), v.begin() + static_cast<int64_t>(v.size() / 2),
                v.end());
  };
  rotate(matrix.weight);
  rotate(matrix.bias);
}

void Multiply(Matrix& matrix, double factor) {
  for (double& v : matrix.weight) v *= factor;
  for (double& v : matrix.bias) v *= factor;
}

// Brings the weights of each layer to the deviation sqrt(2 / inputs) of
// networks before training. `before`: the factor of the layer's input, carried
// on.
void Rescale(Matrix& matrix, double& before) {
  double square = 0;
  for (const double v : matrix.weight) square += v * v;
  if (!(square > 0)) return;
  const double inputs = static_cast<double>(matrix.weight.size()) /
                        static_cast<double>(matrix.Out());
  const double factor = std::sqrt(
      2 / inputs * static_cast<double>(matrix.weight.size()) / square);
  before *= factor;
  for (double& v : matrix.weight) v *= factor;
  for (double& v : matrix.bias) v *= before;
}

void AddLayer(const Matrix& matrix, bool convolution, Model& model) {
  LayerSpec layer;
  layer.type = convolution ? Type::kConv : Type::kLinear;
  layer.name = (convolution ? "conv" : "linear") +
               std::to_string(model.weights.size() / 2 + 1);
  layer.out = static_cast<int>(matrix.Out());
  if (convolution) layer.kernel = static_cast<int>(matrix.shape[2]);
  model.weights[layer.name + ".weight"] = {
      matrix.shape, {matrix.weight.begin(), matrix.weight.end()}};
  model.weights[layer.name + ".bias"] = {
      {matrix.Out()}, {matrix.bias.begin(), matrix.bias.end()}};
  model.spec.layers.push_back(layer);
}

}  // namespace

std::vector<std::string> OrientationFiles(const std::string& path) {
  const fs::path folder = FolderOf(path);
  std::vector<std::string> files;
  for (int i = 0; i < kLayers; ++i) {
    const std::string layer = "layer" + std::to_string(i);
    files.push_back(folder / (layer + "_W.npy"));
    files.push_back(folder / (layer + "_b.npy"));
  }
  files.push_back(folder / "input_mean.npy");
  files.push_back(folder / "input_std.npy");
  return files;
}

Model ReadOrientationModel(const std::string& path) {
  if (!fs::exists(path)) throw InputError(path + ": no such file or folder");
  const std::vector<std::string> files = OrientationFiles(path);
  Model model;
  model.spec.architecture = "orientation-cvpr2016";
  model.spec.input = {1, kPatch, kPatch};
  // The networks see intensities of 0..1.
  model.mean = 255 * ReadShaped(files[2 * kLayers], 0).data[0];
  model.deviation = 255 * ReadShaped(files[2 * kLayers + 1], 0).data[0];
  if (!(model.deviation > 0)) {
    throw InputError(files[2 * kLayers + 1] + ": is not above 0");
  }
  double before = 1;
  for (int i = 0; i < kLayers; ++i) {
    const std::string &weights = files[2 * i], &bias = files[2 * i + 1];
    LayerSpec hinges;
    hinges.type = Type::kGhh;
    Matrix matrix = i < kConvolutions ? ReadConvolution(weights, bias)
                                      : ReadHinges(weights, bias, &hinges.sums,
                                                   &hinges.maxes);
    if (i == kConvolutions) Multiply(matrix, kKept);
    if (i + 1 == kLayers) SwapOutputs(matrix);
    Rescale(matrix, before);
    AddLayer(matrix, i < kConvolutions, model);
    if (i < kConvolutions) {
      LayerSpec relu, pool;
      relu.type = Type::kRelu;
      pool.type = Type::kMaxPool;
      pool.kernel = 2;
      model.spec.layers.push_back(relu);
      model.spec.layers.push_back(pool);
    } else {
      model.spec.layers.push_back(hinges);
    }
  }
  const std::string folder = FolderOf(path).string();
  if (const std::string why = FindMisfit(model); !why.empty()) {
    throw InputError(folder + ": is not an orientation network: " + why);
  }
  if (OutputShape(model.spec).Size() != 2) {
    throw InputError(folder +
                     ": is not an orientation network: it has not 2 "
                     "outputs");
  }
  NoteSource(model, folder, "CVPR 2016 orientation, NumPy");
  model.notes["grid"] = "0";
  model.notes["support"] = "4";
  model.notes["centre_shift"] = "0.5";
  return model;
}

}  // namespace tiepoint
