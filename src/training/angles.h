// SPDX-License-Identifier: Apache-2.0
// Angles of keypoints as tensors.
#pragma once

#include <torch/torch.h>

#include <numbers>

namespace tiepoint {

// Of directions N x 2 (cos, sin; of any length): N radians.
inline torch::Tensor AngleOf(const torch::Tensor& direction) {
  return torch::atan2(direction.select(1, 1), direction.select(1, 0));
}

// |error| in degrees, 0 .. 180, of differences of angles in radians.
inline torch::Tensor AbsoluteDegrees(const torch::Tensor& error) {
  return torch::atan2(torch::sin(error), torch::cos(error)).abs() *
         (180 / std::numbers::pi);
}

}  // namespace tiepoint
