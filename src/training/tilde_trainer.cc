// SPDX-License-Identifier: Apache-2.0
// TILDE (Verdie, Yi, Fua, Lepetit, CVPR 2015; spec sections 1, 6): a piece-wise
// linear regressor over windows of 21 x 21 pixels of 6 channels, such that its
// blurred maxima lie at the places that repeat in any light. Three terms:
//   classification  squared hinge, +1 at the places, -1 elsewhere; a half of
//                   the negatives are the highest maxima elsewhere
//   shape           around a place the response of the filter that wins there
//                   has the form of a peak
//   temporal        the score of a place is the same in all pictures
// The paper works on 200 principal components of the windows; here filters are
// sums of the lowest cosines, which are nearly those components for
// photographs, and Adam replaces its alternating solver. The constant is left
// out: how bright or how blue a place is says much about one scene and little
// about the next.
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <optional>

#include "tiepoint/base/error.h"
#include "training/architectures.h"
#include "training/tilde_stacks.h"
#include "training/trainer.h"

namespace tiepoint {
namespace {

constexpr int kFilter = TildeStacks::kFilter;
constexpr int kChannels = TildeStacks::kChannels;
constexpr int kHalf = kFilter / 2;
constexpr int kGroups = 4, kMaxes = 4, kFilters = kGroups * kMaxes;
constexpr double kBlurSigma = 2;    // of the scores, as TildeDetector
constexpr double kDecay = 0.1;      // of ||w||^2
constexpr double kNegatives = 2.5;  // a positive
constexpr int kSafe = 8;            // pixels; no negative nearer to a place

// Channels enter the network as (channel - mean) / unit; Export takes both into
// the filters. The means are those of photographs. The unit is the deviation of
// L for all: lightness then weighs most, as in the paper, whose components are
// of the channels as they are. With each channel's own deviation, colours and
// gradients weigh more, and fewer points repeat on other scenes.
constexpr std::array<double, kChannels> kMean = {128, 128, 12, 140, 96, 140};
constexpr double kUnit = 60;

torch::Tensor ChannelMeans(torch::Device device) {
  return torch::tensor(std::vector<float>(kMean.begin(), kMean.end()))
      .view({1, kChannels, 1, 1})
      .to(device);
}

// Rows: cosine k at the 21 positions, unit length (DCT-II).
torch::Tensor CosineRows(int count) {
  torch::Tensor rows = torch::empty({count, kFilter});
  for (int k = 0; k < count; ++k) {
    const double norm = std::sqrt((k == 0 ? 1.0 : 2.0) / kFilter);
    for (int x = 0; x < kFilter; ++x) {
      rows[k][x] = norm * std::cos(std::numbers::pi * (x + 0.5) * k / kFilter);
    }
  }
  return rows;
}

class TildeNetwork : public torch::nn::Module {
 public:
  explicit TildeNetwork(int cosines) {
    coefficients_ = register_parameter(
        "coefficients",
        0.01 * torch::randn({kFilters, kChannels, cosines, cosines}));
    bias_ = register_parameter("bias", 0.01 * torch::randn({kFilters}));
    cosines_ = register_buffer("cosines", CosineRows(cosines));
    torch::Tensor used = torch::ones({cosines, cosines});
    used[0][0] = 0;  // the constant
    used_ = register_buffer("used", used);
    const torch::Tensor offset = torch::arange(kFilter) - double(kHalf);
    torch::Tensor line =
        torch::exp(-offset * offset / (2 * kBlurSigma * kBlurSigma));
    line = line / line.sum();
    blur_ =
        register_buffer("blur", torch::outer(line, line).view({1, 1, 21, 21}));
  }

  torch::Tensor Filters() const {
    return torch::einsum("fcij,iy,jx->fcyx",
                         {coefficients_ * used_, cosines_, cosines_});
  }
  torch::Tensor bias() const { return bias_; }

  // Of all filters: N x 16 x h x w. The cosines of the windows come first: they
  // are few, separable and need no gradient.
  torch::Tensor Responses(const torch::Tensor& channels) const {
    const torch::Tensor weight = (coefficients_ * used_).transpose(2, 3);
    return torch::conv2d(Cosines(channels),
                         weight.reshape({kFilters, -1, 1, 1}), bias_);
  }
  // Blurred, N x h x w.
  torch::Tensor Scores(const torch::Tensor& responses) const {
    return torch::conv2d(Ghh(responses, kGroups, kMaxes), blur_, {}, 1, kHalf)
        .squeeze(1);
  }

 private:
  // Of the windows around all pixels: N x (channel, along x, along y) x h x w.
  torch::Tensor Cosines(const torch::Tensor& channels) const {
    const torch::NoGradGuard guard;
    const int64_t count = cosines_.size(0);
    const int64_t height = channels.size(2), width = channels.size(3);
    const torch::Tensor along_x =
        torch::conv2d(channels.reshape({-1, 1, height, width}),
                      cosines_.view({count, 1, 1, kFilter}));
    const int64_t inner = along_x.size(3);
    return torch::conv2d(along_x.reshape({-1, 1, height, inner}),
                         cosines_.view({count, 1, kFilter, 1}))
        .view({channels.size(0), kChannels * count * count, -1, inner});
  }

  torch::Tensor coefficients_, bias_, cosines_, used_, blur_;
};

// exp(a (1 - r / b)) - 1 with a = 5, b = 3, scaled to 1 in the middle.
torch::Tensor PeakShape(torch::Device device) {
  torch::Tensor shape = torch::empty({kFilter, kFilter});
  for (int y = 0; y < kFilter; ++y) {
    for (int x = 0; x < kFilter; ++x) {
      const double r = std::hypot(x - kHalf, y - kHalf);
      shape[y][x] = (std::exp(5 * (1 - r / 3)) - 1) / (std::exp(5.0) - 1);
    }
  }
  return shape.to(device);
}

torch::Tensor Channels(const TildeStacks& batch, torch::Device device) {
  const int size = batch.side + 2 * kHalf;
  return (ToDevice(batch.channels, kChannels, size, size, device) -
          ChannelMeans(device)) /
         kUnit;
}

// 1 where a negative may lie: stacks x side x side.
torch::Tensor NegativeMask(const TildeStacks& batch) {
  const int side = batch.side;
  torch::Tensor mask = torch::zeros({batch.stacks, side, side});
  const auto inner = torch::indexing::Slice(kHalf, side - kHalf);
  mask.index_put_({torch::indexing::Slice(), inner, inner}, 1.0);
  for (const auto* list : {&batch.places, &batch.others}) {
    for (const TildeStacks::Place& p : *list) {
      const auto around = [&](int v) {
        return torch::indexing::Slice(std::max(0, v - kSafe),
                                      std::max(0, v + kSafe + 1));
      };
      mask.index_put_({p.stack, around(p.y), around(p.x)}, 0.0);
    }
  }
  return mask;
}

// Pixels that no other of their window of 2 radius + 1 exceeds.
torch::Tensor IsMaximum(const torch::Tensor& scores, int radius) {
  return scores ==
         torch::max_pool2d(scores.unsqueeze(1), 2 * radius + 1, 1, radius)
             .squeeze(1);
}

struct Terms {
  torch::Tensor classification, shape, temporal;
};

Terms Measure(const TildeNetwork& network, const TildeStacks& batch,
              torch::Device device) {
  const int side = batch.side, lights = batch.lights;
  const torch::Tensor responses = network.Responses(Channels(batch, device));
  const torch::Tensor scores =
      network.Scores(responses).view({batch.stacks, lights, side, side});

  std::vector<torch::Tensor> at_places, windows;
  for (const TildeStacks::Place& p : batch.places) {
    at_places.push_back(
        scores.select(0, p.stack).select(1, p.y).select(1, p.x));
    windows.push_back(responses.narrow(0, int64_t{p.stack} * lights, lights)
                          .narrow(2, p.y - kHalf, kFilter)
                          .narrow(3, p.x - kHalf, kFilter));
  }
  Terms terms;
  const torch::Tensor zero = scores.sum() * 0;
  terms.shape = terms.temporal = zero;
  torch::Tensor positive = zero;
  if (!at_places.empty()) {
    const torch::Tensor at = torch::stack(at_places);  // places x lights
    positive = torch::relu(1 - at).pow(2).mean();
    // The mean over pairs of pictures of the squared difference.
    terms.temporal = 2 * at.var(1, false).mean();
    const torch::Tensor r =
        torch::cat(windows).view({-1, kGroups, kMaxes, kFilter, kFilter});
    const torch::Tensor centre =
        r.select(4, kHalf).select(3, kHalf);  // N x groups x maxes
    const torch::Tensor winner = centre.argmax(2, true);
    const torch::Tensor window =
        r.gather(2, winner.view({-1, kGroups, 1, 1, 1})
                        .expand({-1, kGroups, 1, kFilter, kFilter}))
            .squeeze(2);
    const torch::Tensor height = centre.gather(2, winner).unsqueeze(3);
    terms.shape = (window - height * PeakShape(device)).pow(2).mean();
  }

  // Per picture: the highest maxima elsewhere, and as many random places.
  const torch::Tensor mask = NegativeMask(batch).to(device).unsqueeze(1);
  const int64_t pictures = int64_t{batch.stacks} * lights;
  const torch::Tensor flat = scores.reshape({pictures, -1});
  const torch::Tensor allowed = mask.expand_as(scores).reshape({pictures, -1});
  const int64_t each = std::max<int64_t>(
      2, std::lround(kNegatives / 2 * batch.places.size() / batch.stacks));
  const torch::Tensor peaks =
      IsMaximum(scores.detach().reshape({pictures, side, side}), 3)
          .reshape({pictures, -1});
  const torch::Tensor rank =
      flat.detach() - 1e6 * (1 - allowed) - 1e3 * (1 - peaks.to(torch::kFloat));
  const torch::Tensor hard = std::get<1>(rank.topk(each, 1));
  const torch::Tensor random = std::get<1>(
      (torch::rand(allowed.sizes()).to(device) * allowed).topk(each, 1));
  const torch::Tensor negative =
      torch::relu(1 + flat.gather(1, torch::cat({hard, random}, 1)))
          .pow(2)
          .mean();
  terms.classification = 0.5 * positive + 0.5 * negative +
                         kDecay * network.Filters().pow(2).sum() / kFilters;
  return terms;
}

// The 2 % rule on pairs of consecutive pictures of each stack: the strongest
// maxima, as many as would meet by chance in 2 % of cases, are within 5 pixels.
double Repeatability(const TildeNetwork& network, const TildeStacks& batch,
                     torch::Device device) {
  const int side = batch.side;
  const auto count =
      static_cast<int64_t>(1.25 * 0.02 * side * side / (std::numbers::pi * 25));
  const torch::Tensor all = Channels(batch, device);
  double sum = 0;
  int pairs = 0;
  torch::Tensor before;
  for (int64_t i = 0; i < all.size(0); ++i) {
    const torch::Tensor scores =
        network.Scores(network.Responses(all.narrow(0, i, 1)));
    const torch::Tensor rank =
        (scores - 1e6 * (1 - IsMaximum(scores, 1).to(torch::kFloat))).view(-1);
    const torch::Tensor index = std::get<1>(rank.topk(count)).cpu();
    const torch::Tensor now =
        torch::stack({index.div(side, "floor"), index.remainder(side)}, 1)
            .to(torch::kFloat);
    if (i % batch.lights != 0) {
      const torch::Tensor nearest =
          std::get<0>(torch::cdist(before, now).min(1));
      sum += (nearest < 5).to(torch::kFloat).mean().item<double>();
      ++pairs;
    }
    before = now;
  }
  return sum / pairs;
}

// Filters and biases that take the channels as they are.
void Export(const TildeNetwork& network, Model& model) {
  const torch::NoGradGuard guard;
  const torch::Device cpu = torch::kCPU;
  const torch::Tensor filters = network.Filters().to(cpu) / kUnit;
  const torch::Tensor bias =
      network.bias().to(cpu) - (filters * ChannelMeans(cpu)).sum({1, 2, 3});
  StoreTensor("conv.weight", filters, model);
  StoreTensor("conv.bias", bias, model);
}

}  // namespace

void TrainTilde(const TrainOptions& options) {
  if (const std::string error = options.Validate(); !error.empty()) {
    throw InputError(error);
  }
  TrainingTask task = MakeTask("tilde", options);
  PrepareTorch(options);
  const torch::Device device = ChooseDevice(options);
  const TrainingData data(options);
  data.NeedPhotographs("TILDE");
  TildeStackOptions stacks;
  stacks.stacks = std::max(1, options.batch / stacks.lights);
  std::optional<FixedCamera> camera;
  if (options.fixed_camera) {
    camera = FindFixedCameraPlaces(data.photographs, data.training);
    stacks.camera = &*camera;
    std::fprintf(stderr, "%zu places that repeat, and %zu more\n",
                 camera->places.size(), camera->others.size());
  }
  TildeStackOptions check_stacks = stacks;
  check_stacks.stacks = 10;
  check_stacks.side = 256;
  const std::vector<int>& held_out =
      options.fixed_camera ? data.training : data.validation;
  const TildeStacks check =
      MakeTildeStacks(data.photographs, held_out, check_stacks,
                      StreamSeed(options.seed, 999), 0);

  const auto network = std::make_shared<TildeNetwork>(options.cosines);
  network->to(device);
  task.network = network;
  task.export_weights = [&](Model& model) { Export(*network, model); };
  Prefetch<TildeStacks> batches(
      CheckpointIteration(options), [&](uint64_t index) {
        return MakeTildeStacks(data.photographs, data.training, stacks,
                               options.seed, index);
      });
  task.loss = [&](int) {
    const Terms terms = Measure(*network, batches.Take(), device);
    return terms.classification + options.shape_weight * terms.shape +
           options.temporal_weight * terms.temporal;
  };
  task.validate = [&] {
    return Report{{"repeatability", Repeatability(*network, check, device)}};
  };
  task.deciding = "repeatability";
  RunTraining(options, task);
}

}  // namespace tiepoint
