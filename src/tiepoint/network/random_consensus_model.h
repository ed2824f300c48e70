// SPDX-License-Identifier: Apache-2.0
// For tests and benchmarks: a correspondence network with random weights.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "tiepoint/network/consensus_model.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {

// Weights have the deviation 1 / sqrt(inputs); scales lie around 0.5, so that
// deep networks stay near 1. The output's bias is 0.5: some matches are kept.
inline ConsensusModel RandomConsensusModel(const ConsensusSpec& spec,
                                           uint64_t seed) {
  ConsensusModel model;
  model.spec = spec;
  const auto ends = [](const std::string& text, const std::string& end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
  };
  uint64_t stream = 0;
  for (const auto& [name, shape] : ConsensusShapes(spec)) {
    Tensor tensor{shape, {}};
    tensor.data = RandomValues(static_cast<int>(tensor.Size()),
                               StreamSeed(seed, stream++));
    float mean = 0, deviation = 0.1f;
    if (ends(name, ".weight")) {
      deviation = 1 / std::sqrt(static_cast<float>(shape.back()));
    } else if (ends(name, ".scale") || ends(name, ".output.bias")) {
      mean = 0.5f;
    }
    for (float& v : tensor.data) v = mean + deviation * v;
    model.weights[name] = std::move(tensor);
  }
  return model;
}

}  // namespace tiepoint
