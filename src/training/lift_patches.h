// SPDX-License-Identifier: Apache-2.0
// Crops that LIFT's networks take from one another's results (spec section 3):
// spatial transformers, differentiable in place and angle.
#pragma once

#include <torch/torch.h>

#include "tiepoint/image/patch.h"
#include "tiepoint/network/model_file.h"

namespace tiepoint {

// Upright gray patches N x 1 x S x S that cover +-support sigma: pixel (i, j)
// lies at support ((2 i + 1) / S - 1, (2 j + 1) / S - 1), as SamplePatch.
struct GrayPatches {
  torch::Tensor pixels;
  double support = 1;  // sigma
};

// The patch of `geometry` around (x, y) (sigma; N each), turned by `angle`
// (radians; N), bilinear; beyond the border the edge is repeated. N x 1 x s x
// s.
torch::Tensor Crop(const GrayPatches& patches, const PatchGeometry& geometry,
                   const torch::Tensor& x, const torch::Tensor& y,
                   const torch::Tensor& angle);

// NormalizeInput of model_file.h for N x 1 x s x s.
torch::Tensor NormalizePatches(const Model& model, const torch::Tensor& x);

}  // namespace tiepoint
