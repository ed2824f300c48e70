// SPDX-License-Identifier: Apache-2.0
// For tests and benchmarks: a network with random weights.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/network/model_file.h"

namespace tiepoint {

// Independent normal numbers.
inline std::vector<float> RandomValues(int count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(random.Normal());
  return values;
}

// The network that `json` describes (NetworkSpecFromJson). Weights have the
// deviation 1 / sqrt(inputs), so that maps stay near 1 in deep networks.
inline Model RandomModel(const std::string& json, uint64_t seed) {
  Model model;
  model.spec = NetworkSpecFromJson(json);
  const auto shapes = Shapes(model.spec, model.spec.input);
  for (size_t i = 0; i < model.spec.layers.size(); ++i) {
    const LayerSpec& layer = model.spec.layers[i];
    if (!layer.HasWeights()) continue;
    Tensor weight{WeightShape(layer, shapes[i]), {}};
    const int size = static_cast<int>(weight.Size());
    weight.data = RandomValues(size, StreamSeed(seed, 2 * i));
    const float scale =
        std::sqrt(static_cast<float>(layer.out) / static_cast<float>(size));
    for (float& v : weight.data) v *= scale;
    Tensor bias{{layer.out},
                RandomValues(layer.out, StreamSeed(seed, 2 * i + 1))};
    for (float& v : bias.data) v *= 0.1f;
    model.weights[layer.name + ".weight"] = weight;
    model.weights[layer.name + ".bias"] = bias;
  }
  return model;
}

}  // namespace tiepoint
