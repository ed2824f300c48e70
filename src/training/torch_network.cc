// SPDX-License-Identifier: Apache-2.0
#include "training/torch_network.h"

#include <cmath>
#include <numbers>

#include "tiepoint/network/jet.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;
namespace F = torch::nn::functional;

torch::Tensor ToTorch(const Tensor& tensor) {
  return torch::from_blob(const_cast<float*>(tensor.data.data()), tensor.shape,
                          torch::kFloat)
      .clone();
}

torch::Tensor ConvolveLayer(const LayerSpec& layer, torch::Tensor x,
                            const torch::Tensor& weight,
                            const torch::Tensor& bias) {
  if (layer.padding > 0) {
    const int64_t p = layer.padding;
    if (layer.circular_x) {
      const int64_t width = x.size(3);
      x = torch::cat({x.narrow(3, width - p, p), x, x.narrow(3, 0, p)}, 3);
      x = F::pad(x, F::PadFuncOptions({0, 0, p, p}));
    } else {
      x = F::pad(x, F::PadFuncOptions({p, p, p, p}));
    }
  }
  return torch::conv2d(x, weight, bias, {layer.StrideY(), layer.stride});
}

// kJet of N x 1 x H x W.
torch::Tensor Jet(const torch::Tensor& x) {
  const int64_t taps = 2 * kJetReach - 1;
  std::vector<torch::Tensor> channels;
  for (const double sigma : kJetSigmas) {
    const std::vector<float> half = JetKernel(sigma);
    torch::Tensor line = torch::empty({taps});
    for (int64_t k = 0; k < taps; ++k) {
      line[k] = half[static_cast<size_t>(std::abs(k - kJetReach + 1))];
    }
    line = line.to(x.device());
    const torch::Tensor blurred =
        torch::conv2d(torch::conv2d(x, line.view({1, 1, taps, 1})),
                      line.view({1, 1, 1, taps}));
    const int64_t h = blurred.size(2) - 2, w = blurred.size(3) - 2;
    const auto at = [&](int64_t dy, int64_t dx) {
      return blurred.narrow(2, 1 + dy, h).narrow(3, 1 + dx, w);
    };
    const torch::Tensor dx = (at(0, 1) - at(0, -1)) / 2;
    const torch::Tensor dy = (at(1, 0) - at(-1, 0)) / 2;
    const torch::Tensor xx = at(0, -1) - 2 * at(0, 0) + at(0, 1);
    const torch::Tensor yy = at(-1, 0) - 2 * at(0, 0) + at(1, 0);
    const torch::Tensor xy2 =
        (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 2;
    channels.push_back(-sigma * sigma * (xx + yy));
    channels.push_back(sigma * sigma *
                       torch::sqrt((xx - yy).pow(2) + xy2.pow(2)));
    channels.push_back(sigma * torch::sqrt(dx.pow(2) + dy.pow(2)));
  }
  return torch::cat(channels, 1);
}

// out x in x 1 x 1: 1 for the maps that an output sees.
torch::Tensor DrawConnections(const std::vector<int64_t>& shape,
                              int connections) {
  torch::Tensor mask = torch::zeros({shape[0], shape[1], 1, 1});
  for (int64_t out = 0; out < shape[0]; ++out) {
    const torch::Tensor seen =
        torch::randperm(shape[1]).narrow(0, 0, connections);
    mask.select(0, out).index_fill_(0, seen, 1.0);
  }
  return mask;
}

}  // namespace

torch::Tensor Ghh(const torch::Tensor& x, int sums, int maxes) {
  const int64_t out = x.size(1) / (sums * maxes);
  const torch::Tensor groups =
      x.reshape({x.size(0), out, sums, maxes, x.size(2), x.size(3)});
  const torch::Tensor largest = std::get<0>(groups.max(3));
  torch::Tensor signs = torch::ones({sums}, x.options());
  for (int s = 1; s < sums; s += 2) signs[s] = -1;
  return (largest * signs.view({1, 1, sums, 1, 1})).sum(2);
}

TorchNetwork::TorchNetwork(const NetworkSpec& spec, bool batch_norm,
                           int connections)
    : spec_(spec) {
  const auto shapes = Shapes(spec_, spec_.input);
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const LayerSpec& layer = spec_.layers[i];
    weights_.emplace_back();
    biases_.emplace_back();
    norms_.emplace_back(nullptr);
    masks_.emplace_back();
    if (!layer.HasWeights()) continue;
    const auto shape = WeightShape(layer, shapes[i]);
    double fan_in = 1;
    for (size_t k = 1; k < shape.size(); ++k) fan_in *= double(shape[k]);
    if (connections > 0 && layer.type == Type::kConv &&
        shape[1] > connections) {
      fan_in *= static_cast<double>(connections) / double(shape[1]);
      masks_[i] = register_buffer(layer.name + "_mask",
                                  DrawConnections(shape, connections));
    }
    weights_[i] = register_parameter(
        layer.name + "_weight", torch::randn(shape) * std::sqrt(2 / fan_in));
    biases_[i] =
        register_parameter(layer.name + "_bias", torch::zeros({layer.out}));
    // The scores of directions keep their scale: it is how sharp they are.
    const bool scores = i + 1 < spec_.layers.size() &&
                        spec_.layers[i + 1].type == Type::kCircularSoftArgmax;
    if (batch_norm && !scores) {
      norms_[i] = register_module(
          layer.name + "_norm",
          torch::nn::BatchNorm2d(
              torch::nn::BatchNorm2dOptions(layer.out).affine(false)));
    }
  }
}

torch::Tensor MeanDirection(const torch::Tensor& scores) {
  const int64_t width = scores.size(3);
  const torch::Tensor angle = torch::arange(width, scores.options()) *
                              (2 * std::numbers::pi / double(width));
  const torch::Tensor share = torch::softmax(scores.flatten(1), 1)
                                  .view({-1, scores.size(2), width})
                                  .sum(1);
  // 1 for the columns of the peak; the derivative passes through the shares.
  const auto reach = PeakReach(static_cast<int>(width));
  torch::Tensor around = torch::zeros_like(share);
  for (int k = -reach; k <= reach; ++k) {
    around += (reach + 1 - std::abs(k)) * share.detach().roll(-k, 1);
  }
  const torch::Tensor peak = around.argmax(1, true);
  torch::Tensor near = torch::zeros_like(share);
  for (int k = -reach; k <= reach; ++k) {
    near.scatter_(1, (peak + (k + width)).remainder(width), 1.0);
  }
  const torch::Tensor kept = share * near;
  return torch::stack({(kept * torch::cos(angle)).sum(1),
                       (kept * torch::sin(angle)).sum(1)},
                      1)
      .view({-1, 2, 1, 1});
}

TorchNetwork::TorchNetwork(const Model& model)
    : TorchNetwork(model.spec, false) {
  const torch::NoGradGuard guard;
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const LayerSpec& layer = spec_.layers[i];
    if (!layer.HasWeights()) continue;
    weights_[i].copy_(ToTorch(model.weights.at(layer.name + ".weight")));
    biases_[i].copy_(ToTorch(model.weights.at(layer.name + ".bias")));
  }
}

torch::Tensor TorchNetwork::forward(torch::Tensor x) {
  for (size_t i = 0; i < spec_.layers.size(); ++i) x = Apply(i, x);
  return x;
}

torch::Tensor TorchNetwork::ForwardButLast(torch::Tensor x) {
  for (size_t i = 0; i + 1 < spec_.layers.size(); ++i) x = Apply(i, x);
  return x;
}

torch::Tensor TorchNetwork::Apply(size_t i, torch::Tensor x) {
  const LayerSpec& layer = spec_.layers[i];
  const int64_t k = layer.kernel;
  switch (layer.type) {
    case Type::kConv:
      x = ConvolveLayer(layer, x, Weight(i), biases_[i]);
      return norms_[i] ? norms_[i]->forward(x) : x;
    case Type::kLinear:
      x = torch::linear(x.flatten(1), weights_[i], biases_[i])
              .unsqueeze(2)
              .unsqueeze(3);
      return norms_[i] ? norms_[i]->forward(x) : x;
    case Type::kRelu:
      return torch::relu(x);
    case Type::kTanh:
      return torch::tanh(x);
    case Type::kMaxPool:
      return torch::max_pool2d(x, {k, k});
    case Type::kAveragePool:
      return torch::avg_pool2d(x, {k, k});
    case Type::kL2Pool:
      // The small number keeps the derivative at zero finite.
      return torch::sqrt(torch::avg_pool2d(x * x, {k, k}) *
                             static_cast<double>(k * k) +
                         1e-12);
    case Type::kSubtractiveNorm:
      return SubtractMean(layer, x);
    case Type::kGhh:
      return Ghh(x, layer.sums, layer.maxes);
    case Type::kCircularSoftArgmax:
      return MeanDirection(x);
    case Type::kJet:
      return Jet(x);
    case Type::kL2Normalize:
      return F::normalize(x.flatten(1), F::NormalizeFuncOptions().p(2).dim(1))
          .view_as(x);
  }
  return x;
}

torch::Tensor TorchNetwork::SubtractMean(const LayerSpec& layer,
                                         const torch::Tensor& x) {
  const int64_t k = layer.kernel;
  const torch::Tensor offset =
      torch::arange(k, x.options()) - static_cast<double>(k / 2);
  const double sigma = static_cast<double>(k) / 4;
  const torch::Tensor line = torch::exp(-offset * offset / (2 * sigma * sigma));
  torch::Tensor kernel = torch::outer(line, line);
  kernel = (kernel / kernel.sum()).view({1, 1, k, k});
  // The mean over channels first: the window has the same weights for all.
  const torch::Tensor mean =
      torch::conv2d(x.mean(1, true), kernel, {}, 1, k / 2);
  const torch::Tensor share =
      torch::conv2d(torch::ones({1, 1, x.size(2), x.size(3)}, x.options()),
                    kernel, {}, 1, k / 2);
  return x - mean / share;
}

void StoreTensor(const std::string& name, const torch::Tensor& values,
                 Model& model) {
  const torch::Tensor c =
      values.detach().to(torch::kCPU, torch::kFloat).contiguous();
  Tensor& tensor = model.weights[name];
  tensor.shape.assign(c.sizes().begin(), c.sizes().end());
  tensor.data.assign(c.data_ptr<float>(), c.data_ptr<float>() + c.numel());
}

void TorchNetwork::Export(Model& model) const {
  const torch::NoGradGuard guard;
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const LayerSpec& layer = spec_.layers[i];
    if (!layer.HasWeights()) continue;
    torch::Tensor weight = Weight(i).to(torch::kDouble);
    torch::Tensor bias = biases_[i].to(torch::kDouble);
    if (norms_[i]) {
      const auto& norm = *norms_[i];
      const torch::Tensor scale = torch::rsqrt(
          norm.running_var.to(torch::kDouble) + norm.options.eps());
      std::vector<int64_t> shape(weight.dim(), 1);
      shape[0] = -1;
      weight = weight * scale.view(shape);
      bias = (bias - norm.running_mean.to(torch::kDouble)) * scale;
    }
    StoreTensor(layer.name + ".weight", weight, model);
    StoreTensor(layer.name + ".bias", bias, model);
  }
}

}  // namespace tiepoint
