// SPDX-License-Identifier: Apache-2.0
// SIFT as a function of the keypoint's angle that has a derivative: descriptors
// at 72 angles, every 5 degrees, and straight lines between them (Yi et al.,
// "Learning to Assign Orientations to Feature Points", CVPR 2016; spec
// orientation, section 4). Of a patch only the two entries around its angle are
// computed.
#pragma once

#include <torch/torch.h>

#include "tiepoint/image/patch.h"

namespace tiepoint {

class SiftTable {
 public:
  static constexpr int kAngles = 72;

  explicit SiftTable(torch::Device device);

  // The upright patch that a descriptor at any angle is computed from.
  static PatchGeometry Patch();

  // gray: N x 1 x S x S of Patch(); angle: N, radians. Returns N x 128 of unit
  // length (Lowe 2004, section 6: 4 x 4 cells of 3 sigma, 8 directions, linear
  // shares, Gaussian window, values above 0.2 cut), interpolated.
  torch::Tensor Describe(const torch::Tensor& gray,
                         const torch::Tensor& angle) const;

 private:
  // Share of each pixel in each cell, window included: 72 x 16 x S^2.
  torch::Tensor shares_;
  torch::Tensor blur_;  // kernel that gives the patch the blur of one sigma
};

}  // namespace tiepoint
