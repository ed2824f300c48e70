// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "tiepoint/image/patch.h"

namespace tiepoint {

// Cuts patches at angles that a network gives, with derivatives for the angles.
class PatchTurner {
 public:
  explicit PatchTurner(const PatchGeometry& geometry) : geometry_(geometry) {}

  // The upright patch from which all turned ones are cut: for a square grid
  // large enough that its turned square stays inside.
  PatchGeometry Wide() const;

  // wide: N x 1 x S x S of Wide(); angle: N, radians. N x 1 x s x s.
  torch::Tensor Turn(const torch::Tensor& wide,
                     const torch::Tensor& angle) const;

 private:
  PatchGeometry geometry_;
};

}  // namespace tiepoint
