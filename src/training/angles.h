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

// Of errors of relative angles in radians: the mean of 1 - cos, which leads to
// the right angle from anywhere, and of 1 - exp(-(error / 10 degrees)^2 / 2),
// which is almost flat beyond 20 degrees: descriptors match where the angle is
// nearly right, and do not care how wrong the others are.
inline torch::Tensor AngleLoss(const torch::Tensor& error) {
  const torch::Tensor tens = AbsoluteDegrees(error) / 10;
  return (1 - torch::cos(error)).mean() +
         (1 - torch::exp(-tens.pow(2) / 2)).mean();
}

}  // namespace tiepoint
