// SPDX-License-Identifier: Apache-2.0
// Losses and measures of descriptors that several trainings share.
#pragma once

#include <torch/torch.h>

namespace tiepoint {

// Mean over the batch of max(0, 1 + d(positive) - d(hardest negative)); the
// negative is the nearest wrong one, of either branch (Mishchuk et al., 2017).
// N x D each, rows of unit length; row i of both is one point.
torch::Tensor HardNetLoss(const torch::Tensor& first,
                          const torch::Tensor& second);

// Share of rows whose nearest in the other set is the right one, both ways.
double MatchingAccuracy(const torch::Tensor& first,
                        const torch::Tensor& second);

// Area under precision against recall when all pairs of a first and a second
// row are sorted by distance: one pair in N is right, as DeepDesc's test has
// one in 1000.
double AveragePrecision(const torch::Tensor& first,
                        const torch::Tensor& second);

}  // namespace tiepoint
