// SPDX-License-Identifier: Apache-2.0
// The LibTorch module and the plain loops are two readings of one definition.
#include "training/torch_network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>

#include "tiepoint/base/random.h"
#include "tiepoint/network/naive_network.h"
#include "training/architectures.h"
#include "training/torch_runner.h"

namespace tiepoint {
namespace {

Model WithRandomWeights(Model model, uint64_t seed) {
  Random random(seed);
  const auto shapes = Shapes(model.spec, model.spec.input);
  for (size_t i = 0; i < model.spec.layers.size(); ++i) {
    const LayerSpec& layer = model.spec.layers[i];
    if (!layer.HasWeights()) continue;
    const auto fill = [&](const std::string& name, std::vector<int64_t> shape,
                          double deviation) {
      Tensor tensor;
      tensor.shape = std::move(shape);
      tensor.data.resize(tensor.Size());
      for (float& v : tensor.data) {
        v = static_cast<float>(deviation * random.Normal());
      }
      model.weights[layer.name + name] = std::move(tensor);
    };
    const auto shape = WeightShape(layer, shapes[i]);
    double fan_in = 1;
    for (size_t k = 1; k < shape.size(); ++k) fan_in *= double(shape[k]);
    fill(".weight", shape, std::sqrt(2 / fan_in));
    fill(".bias", {layer.out}, 0.1);
  }
  return model;
}

void ExpectParity(const Model& model, const Shape& input) {
  Random random(11);
  std::vector<float> data(input.Size());
  for (float& v : data) v = static_cast<float>(random.Normal());
  const auto expected = RunNaive(model, input, data);
  const auto actual = RunTorch(model, input, 1, data);
  ASSERT_EQ(actual.size(), expected.size());
  float largest = 0;
  for (const float v : expected) largest = std::max(largest, std::abs(v));
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 1e-4f * largest) << i;
  }
}

TEST(TorchNetwork, AgreesWithThePlainLoopsOnEveryArchitecture) {
  for (const char* name : {"deepdesc", "deepdesc-dense", "logpolar",
                           "lift-orientation", "logpolar-orientation",
                           "circular-orientation", "lift-detector", "tilde"}) {
    SCOPED_TRACE(name);
    const Model model = WithRandomWeights(MakeArchitecture(name), 5);
    ExpectParity(model, model.spec.input);
  }
}

TEST(TorchNetwork, AgreesOnOddSizes) {
  const Model model = WithRandomWeights(MakeArchitecture("lift-detector"), 6);
  ExpectParity(model, {1, 31, 47});
  ExpectParity(model, {1, 68, 29});
}

TEST(TorchNetwork, AgreesOnTheLayersOfTheOriginalDeepDesc) {
  Model model;
  model.spec = NetworkSpecFromJson(R"({"architecture": "cnn3",
    "input": [1, 33, 35], "layers": [
      {"type": "conv", "name": "a", "out": 6, "kernel": 7},
      {"type": "tanh"}, {"type": "l2_pool", "kernel": 2},
      {"type": "subtractive_norm", "kernel": 5},
      {"type": "conv", "name": "b", "out": 4, "kernel": 3},
      {"type": "tanh"}, {"type": "l2_pool", "kernel": 3}]})");
  model = WithRandomWeights(model, 7);
  ExpectParity(model, model.spec.input);
}

// A turn of the photograph by two columns of the log-polar patch turns the
// answer of the circular network by as much, whatever its weights.
TEST(CircularOrientation, TurnsWithThePatch) {
  const Model model =
      WithRandomWeights(MakeArchitecture("circular-orientation"), 8);
  const Shape& shape = model.spec.input;
  Random random(9);
  std::vector<float> patch(shape.Size()), turned(shape.Size());
  for (float& v : patch) v = static_cast<float>(random.Normal());
  const auto angle = [&](const std::vector<float>& data) {
    const auto direction = RunNaive(model, shape, data);
    return std::atan2(direction[1], direction[0]);
  };
  for (int columns = 0; columns < shape.width; columns += 2) {
    for (int y = 0; y < shape.height; ++y) {
      for (int x = 0; x < shape.width; ++x) {
        turned[y * shape.width + (x + columns) % shape.width] =
            patch[y * shape.width + x];
      }
    }
    const double turn = 2 * std::numbers::pi * columns / shape.width;
    const double error = angle(turned) - angle(patch) - turn;
    EXPECT_NEAR(std::sin(error), 0, 1e-4) << columns;
    EXPECT_GT(std::cos(error), 0) << columns;
  }
}

// The counts of DeepDesc's paper and release (spec section 2).
TEST(TorchNetwork, SparseConnectionsLeaveDeepDescItsParameters) {
  for (const auto& [name, parameters] :
       {std::pair{"deepdesc-sparse", 45824}, {"deepdesc-dense", 280320}}) {
    torch::manual_seed(1);  // a weight drawn as exactly 0 would not be counted
    Model model = MakeArchitecture(name);
    const TorchNetwork network(
        model.spec, false, static_cast<int>(model.Number("connections", 0)));
    network.Export(model);
    int64_t count = 0;
    for (const auto& [weight, tensor] : model.weights) {
      const bool bias = weight.ends_with(".bias");
      for (const float v : tensor.data) count += bias || v != 0;
    }
    EXPECT_EQ(count, parameters) << name;
  }
}

}  // namespace
}  // namespace tiepoint
