// SPDX-License-Identifier: Apache-2.0
#include "training/torch_consensus.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "tiepoint/base/error.h"
#include "training/torch_network.h"

namespace tiepoint {
namespace {

constexpr int kFewestMatches = 12;

torch::Tensor Column(const torch::Tensor& x, int64_t k) {
  return x.select(-1, k);
}

// B x 3 x 3 of v -> scale (v - centre).
torch::Tensor Conditioning(const torch::Tensor& centre,
                           const torch::Tensor& scale) {
  const torch::Tensor zero = torch::zeros_like(scale);
  const torch::Tensor one = torch::ones_like(scale);
  return torch::stack({scale, zero, -scale * centre.select(1, 0), zero, scale,
                       -scale * centre.select(1, 1), zero, zero, one},
                      1)
      .view({-1, 3, 3});
}

}  // namespace

torch::Tensor SymmetricEpipolarSquared(const torch::Tensor& points,
                                       const torch::Tensor& essential) {
  const torch::Tensor ones = torch::ones_like(points.narrow(2, 0, 1));
  const torch::Tensor a = torch::cat({points.narrow(2, 0, 2), ones}, 2);
  const torch::Tensor b = torch::cat({points.narrow(2, 2, 2), ones}, 2);
  const torch::Tensor e = essential.view({-1, 3, 3});
  const torch::Tensor line2 = torch::matmul(a, e.transpose(1, 2));
  const torch::Tensor line1 = torch::matmul(b, e);
  const torch::Tensor product = (b * line2).sum(2);
  const auto squared = [](const torch::Tensor& line) {
    return line.narrow(2, 0, 2).pow(2).sum(2) + 1e-12;
  };
  return product.pow(2) * (1 / squared(line2) + 1 / squared(line1));
}

torch::Tensor WeightedEightPoints(const torch::Tensor& points,
                                  const torch::Tensor& weights) {
  const torch::Tensor x = points.to(torch::kDouble);
  const torch::Tensor w = weights.to(torch::kDouble);
  const torch::Tensor enough = (w > 0).sum(1) >= kFewestMatches;
  const torch::Tensor share = (w / (w.sum(1, true) + 1e-12)).unsqueeze(2);
  const auto conditioned = [&](int64_t begin, torch::Tensor& transform) {
    const torch::Tensor places = x.narrow(2, begin, 2);
    const torch::Tensor centre = (share * places).sum(1);
    const torch::Tensor moved = places - centre.unsqueeze(1);
    const torch::Tensor spread = (share * moved.pow(2)).sum({1, 2});
    const torch::Tensor scale = std::sqrt(2.0) / torch::sqrt(spread + 1e-9);
    transform = Conditioning(centre, scale);
    return moved * scale.view({-1, 1, 1});
  };
  torch::Tensor transform1, transform2;
  const torch::Tensor a = conditioned(0, transform1);
  const torch::Tensor b = conditioned(2, transform2);
  const torch::Tensor x1 = Column(a, 0), y1 = Column(a, 1);
  const torch::Tensor x2 = Column(b, 0), y2 = Column(b, 1);
  const torch::Tensor rows =
      torch::stack({x2 * x1, x2 * y1, x2, y2 * x1, y2 * y1, y2, x1, y1,
                    torch::ones_like(x1)},
                   2);
  const torch::Tensor moments =
      torch::matmul((rows * share).transpose(1, 2), rows);
  const torch::Tensor plain =
      torch::diag(torch::arange(1, 10, moments.options())).unsqueeze(0);
  const torch::Tensor safe =
      torch::where(enough.view({-1, 1, 1}), moments, plain);
  const torch::Tensor vectors = std::get<1>(torch::linalg_eigh(safe));
  const torch::Tensor essential =
      torch::matmul(torch::matmul(transform2.transpose(1, 2),
                                  vectors.select(2, 0).view({-1, 3, 3})),
                    transform1)
          .view({-1, 9});
  return (essential / (essential.norm(2, 1, true) + 1e-12)).to(torch::kFloat);
}

TorchConsensus::TorchConsensus(const ConsensusSpec& spec, Norm norm)
    : spec_(spec), norm_(norm) {
  const int channels = spec.channels;
  const auto drawn = [&](const std::string& name, int64_t out, int64_t in) {
    std::string key = name;  // no dots in names of parameters
    std::replace(key.begin(), key.end(), '.', '_');
    return register_parameter(
        key,
        torch::randn({out, in}) * std::sqrt(2.0 / static_cast<double>(in)));
  };
  const auto constant = [&](const std::string& name, int64_t count,
                            double value) {
    std::string key = name;
    std::replace(key.begin(), key.end(), '.', '_');
    return register_parameter(key, torch::full({count}, value));
  };
  for (int s = 0; s < spec.Stages(); ++s) {
    const std::string stage = StageName(s);
    input_weights_.push_back(
        drawn(stage + ".input.weight", channels, spec.StageInputs(s)));
    input_biases_.push_back(constant(stage + ".input.bias", channels, 0));
    std::vector<Conv>& convs = convs_.emplace_back();
    for (int b = 0; b < spec.blocks[s]; ++b) {
      for (int k = 0; k < 2; ++k) {
        const std::string name = ConvName(s, b, k);
        Conv conv;
        conv.weight = drawn(name + ".weight", channels, channels);
        if (norm == Norm::kAffine) {
          // Branches begin small, so that the sum of twelve does not explode.
          conv.scale = constant(name + ".scale", channels, k == 0 ? 1 : 0.3);
          conv.shift = constant(name + ".shift", channels, 0);
        } else {
          std::string key = name + "_norm";
          std::replace(key.begin(), key.end(), '.', '_');
          conv.norm = register_module(
              key,
              torch::nn::BatchNorm1d(torch::nn::BatchNorm1dOptions(channels)
                                         .affine(false)
                                         .eps(kContextEpsilon)
                                         .momentum(0.01)));
        }
        if (spec.attention) {
          conv.attention_weight =
              constant(name + ".attention.weight", channels, 0);
          conv.attention_bias = constant(name + ".attention.bias", 1, 0);
        }
        convs.push_back(std::move(conv));
      }
    }
    output_weights_.push_back(drawn(stage + ".output.weight", 1, channels));
    output_biases_.push_back(constant(stage + ".output.bias", 1, 0));
  }
}

torch::Tensor TorchConsensus::Apply(Conv& conv, const torch::Tensor& h,
                                    Stage& stage) {
  const torch::Tensor u = torch::nn::functional::linear(h, conv.weight);
  torch::Tensor mean, centred, variance;
  if (spec_.attention) {
    const torch::Tensor logits =
        torch::matmul(h, conv.attention_weight) + conv.attention_bias;
    stage.attention.push_back(logits);
    const torch::Tensor gate = torch::sigmoid(logits);
    const torch::Tensor share =
        (gate / (gate.sum(1, true) + 1e-12)).unsqueeze(2);
    mean = (share * u).sum(1, true);
    centred = u - mean;
    variance = (share * centred.pow(2)).sum(1, true);
  } else {
    mean = u.mean(1, true);
    centred = u - mean;
    variance = centred.pow(2).mean(1, true);
  }
  const torch::Tensor y = centred * torch::rsqrt(variance + kContextEpsilon);
  if (norm_ == Norm::kAffine) {
    return torch::relu(y * conv.scale + conv.shift);
  }
  return torch::relu(conv.norm(y.reshape({-1, y.size(2)})).view(y.sizes()));
}

std::vector<TorchConsensus::Stage> TorchConsensus::forward(
    const torch::Tensor& inputs) {
  using torch::nn::functional::linear;
  const torch::Tensor points = inputs.narrow(2, 0, 4);
  std::vector<Stage> stages;
  torch::Tensor h;
  for (int s = 0; s < spec_.Stages(); ++s) {
    torch::Tensor x = inputs;
    if (s > 0) {
      const Stage& before = stages.back();
      const torch::NoGradGuard guard;
      const torch::Tensor distance = torch::sqrt(
          SymmetricEpipolarSquared(points, before.essential.detach()));
      const torch::Tensor residual =
          torch::where(before.has_essential.view({-1, 1}) > 0,
                       torch::log1p(distance / kResidualUnit)
                           .nan_to_num(kLargestResidual)
                           .clamp_max(kLargestResidual),
                       torch::full_like(distance, kLargestResidual));
      const torch::Tensor weight =
          torch::relu(torch::tanh(before.logits.detach()));
      x = torch::cat({inputs, residual.unsqueeze(2), weight.unsqueeze(2)}, 2);
    }
    const torch::Tensor begin = linear(x, input_weights_[s], input_biases_[s]);
    h = s == 0 ? begin : h + begin;
    Stage stage;
    std::vector<Conv>& convs = convs_[s];
    for (size_t k = 0; k < convs.size(); k += 2) {
      const torch::Tensor middle = Apply(convs[k], h, stage);
      h = h + Apply(convs[k + 1], middle, stage);
    }
    stage.logits = linear(h, output_weights_[s], output_biases_[s]).squeeze(2);
    const torch::Tensor weights = torch::relu(torch::tanh(stage.logits));
    stage.has_essential =
        ((weights > 0).sum(1) >= kFewestMatches).to(torch::kFloat);
    stage.essential = WeightedEightPoints(points, weights);
    stages.push_back(std::move(stage));
  }
  return stages;
}

template <typename Visit>
void TorchConsensus::ForEachWeight(const Visit& visit) const {
  for (int s = 0; s < spec_.Stages(); ++s) {
    const std::string stage = StageName(s);
    visit(stage + ".input.weight", input_weights_[s]);
    visit(stage + ".input.bias", input_biases_[s]);
    visit(stage + ".output.weight", output_weights_[s]);
    visit(stage + ".output.bias", output_biases_[s]);
    for (size_t k = 0; k < convs_[s].size(); ++k) {
      const Conv& conv = convs_[s][k];
      const std::string name =
          ConvName(s, static_cast<int>(k / 2), static_cast<int>(k % 2));
      visit(name + ".weight", conv.weight);
      if (norm_ == Norm::kAffine) {
        visit(name + ".scale", conv.scale);
        visit(name + ".shift", conv.shift);
      }
      if (spec_.attention) {
        visit(name + ".attention.weight", conv.attention_weight);
        visit(name + ".attention.bias", conv.attention_bias);
      }
    }
  }
}

void TorchConsensus::Export(ConsensusModel& model) const {
  model.spec = spec_;
  model.weights.clear();
  const auto store = [&](const std::string& name, const torch::Tensor& values) {
    const torch::Tensor plain =
        values.detach().to(torch::kCPU, torch::kFloat).contiguous();
    Tensor& tensor = model.weights[name];
    tensor.shape = plain.sizes().vec();
    tensor.data.assign(plain.data_ptr<float>(),
                       plain.data_ptr<float>() + plain.numel());
  };
  ForEachWeight([&](const std::string& name, const torch::Tensor& values) {
    store(name, name.ends_with(".output.weight") ? values.squeeze(0) : values);
  });
  for (int s = 0; s < spec_.Stages(); ++s) {
    for (size_t k = 0; k < convs_[s].size(); ++k) {
      const std::string name =
          ConvName(s, static_cast<int>(k / 2), static_cast<int>(k % 2));
      // What context normalisation takes away again is not learned.
      store(name + ".bias", torch::zeros({spec_.channels}));
      if (norm_ == Norm::kAffine) continue;
      const torch::nn::BatchNorm1d& norm = convs_[s][k].norm;
      const torch::Tensor scale =
          torch::rsqrt(norm->running_var + kContextEpsilon);
      store(name + ".scale", scale);
      store(name + ".shift", -norm->running_mean * scale);
    }
  }
}

void TorchConsensus::Import(const ConsensusModel& model) {
  if (norm_ == Norm::kBatch) {
    throw InputError(
        "a network with batch normalisation cannot begin from "
        "weights");
  }
  if (model.spec != spec_) {
    throw InputError("the weights to begin with are of another architecture");
  }
  const torch::NoGradGuard guard;
  ForEachWeight([&](const std::string& name, torch::Tensor values) {
    const Tensor& tensor = model.weights.at(name);
    values.copy_(torch::from_blob(const_cast<float*>(tensor.data.data()),
                                  values.sizes(), torch::kFloat));
  });
}

}  // namespace tiepoint
