// SPDX-License-Identifier: Apache-2.0
// The network that tells good matches from bad ones by what the matches of a
// pair of images have in common: "Learning to Find Good Correspondences" (Yi et
// al., CVPR 2018), and what we add to it: side information, attention ("ACNe",
// Sun et al., CVPR 2020) and a second stage that sees the answer of the first
// ("OANet", Zhang et al., ICCV 2019).
//
// x: N matches of `inputs` numbers each. Every match goes through the same
// linear maps; the matches meet only in the normalisation over all of them.
//
//   stage s:   h += W_in x_s + b_in           (h is zero before the first
//   stage)
//              blocks:  h += f1(f0(h))
//              f(h) = relu(scale * (u - mean) / sqrt(var + 1e-3) + shift),
//                     u = W h + b; mean and (population) variance of a channel
//                     over the N matches
//              o = w_out . h + b_out          logit of a match
//              w = max(0, tanh(o))            weight of a match, in [0, 1)
//              E_s = weighted eight-point (conditioned) of the w on the first
//                    four inputs
//   x_0 = x;   x_s = (x, r, w_{s-1}) for s >= 1, where
//              r = min(log(1 + d / 0.003), 6), d the symmetric epipolar
//              distance of the match to E_{s-1}; 6 where it is not finite or
//              there is no E.
//   attention: mean and variance are weighted by a_i = sigmoid(l_i) /
//              sum_j sigmoid(l_j), l = wa . h + ba, h the input of that f.
//
// `scale` and `shift` are the batch normalisation that follows the context
// normalisation, folded at export (1 and 0 if there is none).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tiepoint/network/safetensors.h"

namespace tiepoint {

struct ConsensusSpec {
  // Numbers a match: 4 (x1, y1, x2, y2 in normalised camera coordinates), or
  // more with side information (correspondence/match_inputs.h has 9).
  int inputs = 4;
  int channels = 128;
  std::vector<int> blocks = {12};  // of each stage; {12} is the paper's
  bool attention = false;

  int Stages() const { return static_cast<int>(blocks.size()); }
  // Numbers a match that a stage reads: two more after the first.
  int StageInputs(int stage) const { return inputs + (stage > 0 ? 2 : 0); }
  bool operator==(const ConsensusSpec&) const = default;
};

// Of the linear maps, for one match.
double MultiplyAdds(const ConsensusSpec& spec);

// Added to variances.
inline constexpr double kContextEpsilon = 1e-3;
// r of the header: what the unit of distance is and where it ends.
inline constexpr double kResidualUnit = 0.003;
inline constexpr double kLargestResidual = 6;

struct ConsensusModel {
  ConsensusSpec spec;
  std::map<std::string, Tensor> weights;  // those of ConsensusShapes
  // Everything else that the file states: "licence", "data", "seed", ...
  std::map<std::string, std::string> notes;
};

// Names of the tensors. Convolution: 0 or 1.
//   stageS.input.weight (channels, stage inputs), stageS.input.bias (channels)
//   stageS.blockB.convK.{weight (channels, channels), bias, scale, shift
//     (channels)}, with attention also .attention.{weight (channels), bias (1)}
//   stageS.output.weight (channels), stageS.output.bias (1)
std::string StageName(int stage);
std::string ConvName(int stage, int block, int conv);

// Every tensor of the network and its shape. Throws InputError when the spec
// is not one (fewer than four inputs, no stage, a stage without blocks, ...).
std::map<std::string, std::vector<int64_t>> ConsensusShapes(
    const ConsensusSpec& spec);

// Numbers that are learned, in the paper's form: without scales and shifts.
int64_t CountParameters(const ConsensusSpec& spec);

// Throws InputError in one line when a tensor is missing, unknown, of another
// shape or not finite.
void CheckConsensusModel(const ConsensusModel& model);

// Throws InputError in one line when the file is damaged, holds another kind of
// network, or does not pass CheckConsensusModel.
ConsensusModel ReadConsensusModel(const std::string& path);
// Throws InputError as CheckConsensusModel does, or when nothing can be written
// there. `half`: float16, half the size.
void WriteConsensusModel(const std::string& path, const ConsensusModel& model,
                         bool half = false);

// JSON, the form in the weights file: {"architecture": "correspondence",
// "inputs": 4, "channels": 128, "blocks": [12], "attention": false}
std::string ToJson(const ConsensusSpec& spec);
ConsensusSpec ConsensusSpecFromJson(const std::string& json);

}  // namespace tiepoint
