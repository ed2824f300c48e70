// SPDX-License-Identifier: Apache-2.0
// Two implementations of the networks on one photograph: inference, and a
// second one (LibTorch) that the caller hands in.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tiepoint/image/gray_image.h"
#include "tiepoint/pipeline/preset.h"

namespace tiepoint {

// Runs a model on `count` normalised inputs of that shape.
using NetworkRunner = std::function<std::vector<float>(
    const Model& model, const Shape& input, int count,
    const std::vector<float>& data)>;

struct ParityReport {
  int keypoints = 0;  // of inference
  int keypoints_reference = 0;
  int keypoints_unequal = 0;  // without a partner within 0.01 px and 0.1 %
  double max_score_difference = 0;       // relative to the largest score
  double max_angle_difference = 0;       // radians
  double max_descriptor_difference = 0;  // relative to the largest entry

  // The bars: equal sets, descriptors within 1e-4.
  bool Holds() const {
    return keypoints_unequal == 0 && keypoints == keypoints_reference &&
           max_descriptor_difference < 1e-4;
  }
};

// Compares detector, orientation and descriptor of a preset made of networks.
// Angles and descriptors are compared at the same keypoints. Throws InputError
// when a step of the preset is not a network.
ParityReport CompareImplementations(const GrayImage& image,
                                    const Preset& preset,
                                    const ExtractorOptions& options,
                                    const NetworkRunner& reference);

}  // namespace tiepoint
