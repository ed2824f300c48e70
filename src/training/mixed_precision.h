// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "training/torch_network.h"
#include "training/train.h"

namespace tiepoint {

// network.forward(x), N x ..., flattened to N x D float. With
// options.precision "bfloat16" the layers compute in it (LibTorch's autocast,
// on CUDA); weights, gradients of weights and what follows stay float.
torch::Tensor ForwardFlat(TorchNetwork& network, const torch::Tensor& x,
                          const TrainOptions& options);

// What the last layer is given, as float.
torch::Tensor ForwardButLast(TorchNetwork& network, const torch::Tensor& x,
                             const TrainOptions& options);

}  // namespace tiepoint
