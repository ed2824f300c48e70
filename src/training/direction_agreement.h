// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace tiepoint {

// Chance that directions drawn in both views of a point differ by the true
// turn, to within about a column. `scores`: 2 N x 1 x H x W, whose columns are
// directions and whose soft maximum is their distribution, first views before
// second ones; `turn`: N, radians. Returns N numbers, with derivatives.
//
// The error of the mean direction says nothing where two directions are likely:
// the mean is neither of them.
torch::Tensor DirectionAgreement(const torch::Tensor& scores,
                                 const torch::Tensor& turn);

}  // namespace tiepoint
