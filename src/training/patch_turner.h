// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "tiepoint/image/patch.h"

namespace tiepoint {

// Columns of a log-polar patch or map (N x C x H x W) moved by angles (N,
// radians), with derivatives for both; see TurnColumns of
// network/oriented_model.h.
torch::Tensor TurnColumns(const torch::Tensor& wide,
                          const torch::Tensor& angle);

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
