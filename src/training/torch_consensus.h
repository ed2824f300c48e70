// SPDX-License-Identifier: Apache-2.0
// The network of network/consensus_model.h as a LibTorch module.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "tiepoint/network/consensus_model.h"

namespace tiepoint {

class TorchConsensus : public torch::nn::Module {
 public:
  // What comes after the context normalisation: batch normalisation without
  // learned scale and shift (the paper), or learned ones alone.
  enum class Norm { kBatch, kAffine };

  // Weights are drawn by He's rule from torch's generator.
  TorchConsensus(const ConsensusSpec& spec, Norm norm);

  struct Stage {
    torch::Tensor logits;                  // B x N
    std::vector<torch::Tensor> attention;  // logits, B x N each; may be empty
    torch::Tensor essential;               // B x 9, unit norm
    torch::Tensor has_essential;  // B: 1 where at least twelve matches count
  };
  // inputs: B x N x spec.inputs.
  std::vector<Stage> forward(const torch::Tensor& inputs);

  // The weights for the inference code; norms folded.
  void Export(ConsensusModel& model) const;
  // Takes the weights that Export gave. Throws InputError when they are of
  // another spec, or when the norm is kBatch (its statistics are folded).
  void Import(const ConsensusModel& model);

 private:
  struct Conv {
    torch::Tensor weight;
    torch::Tensor scale, shift;  // kAffine
    torch::nn::BatchNorm1d norm{nullptr};
    torch::Tensor attention_weight, attention_bias;
  };
  torch::Tensor Apply(Conv& conv, const torch::Tensor& h, Stage& stage);

  // Calls visit(name in the file, parameter) for each weight that a file holds
  // as it is learned.
  template <typename Visit>
  void ForEachWeight(const Visit& visit) const;

  ConsensusSpec spec_;
  Norm norm_;
  std::vector<torch::Tensor> input_weights_, input_biases_;
  std::vector<torch::Tensor> output_weights_, output_biases_;
  std::vector<std::vector<Conv>> convs_;  // of each stage
};

// The weighted eight-point algorithm, conditioned by the weights (Hartley's
// normalisation), in double, differentiable in `weights`. points: B x N x 4,
// normalised; weights: B x N, not negative. Returns B x 9 of unit norm (float);
// where fewer than twelve weights are above zero, something without gradient.
torch::Tensor WeightedEightPoints(const torch::Tensor& points,
                                  const torch::Tensor& weights);

// Symmetric epipolar squared distance of each pair: B x M x 4 places, B x 9.
torch::Tensor SymmetricEpipolarSquared(const torch::Tensor& points,
                                       const torch::Tensor& essential);

}  // namespace tiepoint
