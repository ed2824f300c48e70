// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/tiny_models.h"

#include <cmath>
#include <numeric>
#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/network/model_file.h"
#include "tiepoint/network/random_consensus_model.h"
#include "tiepoint/network/random_oriented_model.h"

namespace tiepoint {
namespace {

// |Laplacian of Gaussian| in a 25 x 25 window, as a GHH of the filter and its
// negative.
Model BlobDetector() {
  constexpr int kRadius = 12;
  constexpr double kVariance = 4;
  std::vector<double> kernel;
  for (int y = -kRadius; y <= kRadius; ++y) {
    for (int x = -kRadius; x <= kRadius; ++x) {
      const double r2 = x * x + y * y;
      kernel.push_back((2 - r2 / kVariance) * std::exp(-r2 / (2 * kVariance)));
    }
  }
  const double mean = std::accumulate(kernel.begin(), kernel.end(), 0.0) /
                      static_cast<double>(kernel.size());
  Model model;
  model.spec = NetworkSpecFromJson(
      R"({"architecture": "lift-detector", "input": [1, 48, 48], "layers": [
          {"type": "conv", "name": "c", "out": 16, "kernel": 25},
          {"type": "ghh", "sums": 4, "maxes": 4}]})");
  Tensor weight{{16, 1, 25, 25}, std::vector<float>(16 * kernel.size())};
  for (size_t i = 0; i < kernel.size(); ++i) {
    weight.data[i] = static_cast<float>(kernel[i] - mean);
    weight.data[kernel.size() + i] = -weight.data[i];
  }
  model.weights["c.weight"] = weight;
  model.weights["c.bias"] = {{16}, std::vector<float>(16)};
  model.mean = 128;
  model.deviation = 128;
  return model;
}

// The blob of the jet, bright or dark, less the edge.
Model JetDetector() {
  Model model;
  model.spec = NetworkSpecFromJson(
      R"({"architecture": "jet-detector", "input": [1, 21, 21], "layers": [
          {"type": "jet"},
          {"type": "conv", "name": "hidden", "out": 3, "kernel": 1},
          {"type": "relu"},
          {"type": "conv", "name": "score", "out": 1, "kernel": 1}]})");
  Tensor hidden{{3, 6, 1, 1}, std::vector<float>(18)};
  hidden.data[0] = 1;
  hidden.data[6] = -1;
  hidden.data[13] = 1;
  model.weights["hidden.weight"] = hidden;
  model.weights["hidden.bias"] = {{3}, {0, 0, 0}};
  model.weights["score.weight"] = {{1, 3, 1, 1}, {8, 8, -4}};
  model.weights["score.bias"] = {{1}, {0}};
  model.mean = 128;
  model.deviation = 64;
  return model;
}

Model GradientOrientation() {
  constexpr int kSize = 16;
  Model model;
  model.spec = NetworkSpecFromJson(
      R"({"architecture": "lift-orientation", "input": [1, 16, 16],
          "layers": [{"type": "linear", "name": "g", "out": 2}]})");
  Tensor weight{{2, kSize * kSize}, {}};
  for (const bool vertical : {false, true}) {
    for (int y = 0; y < kSize; ++y) {
      for (int x = 0; x < kSize; ++x) {
        const double u = x - (kSize - 1) / 2.0, v = y - (kSize - 1) / 2.0;
        const double window = std::exp(-(u * u + v * v) / 32);
        weight.data.push_back(static_cast<float>((vertical ? v : u) * window));
      }
    }
  }
  model.weights["g.weight"] = weight;
  model.weights["g.bias"] = {{2}, {0, 0}};
  model.per_patch = true;
  return model;
}

Model RandomDescriptor() {
  Model model;
  model.spec = NetworkSpecFromJson(
      R"({"architecture": "deepdesc", "input": [1, 16, 16], "layers": [
          {"type": "linear", "name": "p", "out": 64},
          {"type": "l2_normalize"}]})");
  Tensor weight{{64, 256}, std::vector<float>(64 * 256)};
  Random random(5);
  for (float& w : weight.data) w = static_cast<float>(random.Normal());
  model.weights["p.weight"] = weight;
  model.weights["p.bias"] = {{64}, std::vector<float>(64)};
  model.per_patch = true;
  return model;
}

}  // namespace

void WriteTinyModels(const std::string& folder) {
  WriteModel(folder + "/lift_detector.safetensors", BlobDetector());
  WriteModel(folder + "/lift_orientation.safetensors", GradientOrientation());
  WriteModel(folder + "/deepdesc.safetensors", RandomDescriptor());
  WriteModel(folder + "/jet_detector.safetensors", JetDetector());
  WriteOrientedModel(folder + "/oriented.safetensors", RandomOrientedModel(1));
  ConsensusModel keeps_all = RandomConsensusModel({9, 8, {1}, false}, 1);
  keeps_all.weights.at("stage0.output.bias").data[0] = 1000;
  WriteConsensusModel(folder + "/correspondence.safetensors", keeps_all);
}

}  // namespace tiepoint
