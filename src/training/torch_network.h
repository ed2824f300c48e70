// SPDX-License-Identifier: Apache-2.0
// A NetworkSpec as a LibTorch module. The only header that includes torch.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

class TorchNetwork : public torch::nn::Module {
 public:
  // With `batch_norm` every convolution and linear layer is followed by a batch
  // normalisation without learned scale and shift (as LIFT), folded into the
  // weights by Export. Weights are drawn by He's rule from torch's generator.
  // With `connections` each output of a convolution over more maps than that
  // sees only so many of them, drawn at random (DeepDesc's sparse form); the
  // other weights are zero.
  TorchNetwork(const NetworkSpec& spec, bool batch_norm, int connections = 0);
  // The weights of a model, no batch normalisation.
  explicit TorchNetwork(const Model& model);

  // x: N x C x H x W, normalised. Returns N x ... of the last layer.
  torch::Tensor forward(torch::Tensor x);
  // What the last layer is given.
  torch::Tensor ForwardButLast(torch::Tensor x);

  // Weights for the inference code: float32, batch normalisation folded in.
  void Export(Model& model) const;

  const NetworkSpec& spec() const { return spec_; }
  torch::Tensor Weight(size_t layer) const {
    return masks_[layer].defined() ? weights_[layer] * masks_[layer]
                                   : weights_[layer];
  }
  torch::Tensor Bias(size_t layer) const { return biases_[layer]; }

 private:
  torch::Tensor Apply(size_t layer, torch::Tensor x);
  torch::Tensor SubtractMean(const LayerSpec& layer, const torch::Tensor& x);

  NetworkSpec spec_;
  std::vector<torch::Tensor> weights_, biases_;  // empty: none
  std::vector<torch::Tensor> masks_;             // empty: all weights count
  std::vector<torch::nn::BatchNorm2d> norms_;    // empty holder: none
};

// The values as a weight of the model.
void StoreTensor(const std::string& name, const torch::Tensor& values,
                 Model& model);

// kCircularSoftArgmax: of scores N x 1 x H x W whose columns are directions,
// N x 2 x 1 x 1.
torch::Tensor MeanDirection(const torch::Tensor& scores);

// Generalised hinging hyperplanes over the channels of N x C x H x W.
torch::Tensor Ghh(const torch::Tensor& x, int sums, int maxes);

}  // namespace tiepoint
