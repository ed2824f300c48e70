// SPDX-License-Identifier: Apache-2.0
// For tests and benchmarks: a small oriented network with random weights.
#pragma once

#include "tiepoint/network/oriented_model.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {

// Log-polar patches of 16 x 16, 8 directions, 64 numbers of unit length.
inline OrientedModel RandomOrientedModel(uint64_t seed) {
  OrientedModel model;
  model.trunk = RandomModel(
      R"({"architecture": "trunk", "input": [1, 16, 16], "layers": [
          {"type": "conv", "name": "conv1", "out": 6, "kernel": 5, "stride": 2,
           "padding": 2, "circular_x": true},
          {"type": "relu"},
          {"type": "conv", "name": "conv2", "out": 8, "kernel": 3,
           "stride_y": 2, "padding": 1, "circular_x": true},
          {"type": "relu"}]})",
      StreamSeed(seed, 0));
  model.orientation = RandomModel(
      R"({"architecture": "orientation", "input": [8, 4, 8], "layers": [
          {"type": "conv", "name": "scores", "out": 1, "kernel": 3,
           "padding": 1, "circular_x": true},
          {"type": "circular_soft_argmax"}]})",
      StreamSeed(seed, 1));
  model.descriptor = RandomModel(
      R"({"architecture": "descriptor", "input": [8, 4, 8], "layers": [
          {"type": "linear", "name": "fc", "out": 64},
          {"type": "l2_normalize"}]})",
      StreamSeed(seed, 2));
  model.trunk.per_patch = true;
  model.trunk.notes = {{"grid", "1"}, {"support", "10"}, {"inner", "1"}};
  return model;
}

}  // namespace tiepoint
