// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/error.h"
#include "training/architectures.h"
#include "training/mixed_precision.h"
#include "training/trainer.h"

namespace tiepoint {
namespace {

// Distances of all first descriptors (rows) to all second ones, unit length.
torch::Tensor Distances(const torch::Tensor& first,
                        const torch::Tensor& second) {
  return torch::sqrt(
      torch::clamp_min(2 - 2 * torch::mm(first, second.t()), 1e-6));
}

// Mean over the batch of max(0, 1 + d(positive) - d(hardest negative)); the
// negative is the nearest wrong one, of either branch (Mishchuk et al., 2017).
torch::Tensor HardNetLoss(const torch::Tensor& first,
                          const torch::Tensor& second) {
  const torch::Tensor d = Distances(first, second);
  const torch::Tensor wrong = d + 10 * torch::eye(d.size(0), d.options());
  const torch::Tensor hardest =
      torch::minimum(std::get<0>(wrong.min(0)), std::get<0>(wrong.min(1)));
  return torch::relu(1 + d.diagonal() - hardest).mean();
}

// DeepDesc (spec sections 3, 4): d for pairs of one point, max(0, C - d) for
// pairs of two, each kind sorted by its loss and cut to the hardest 1/mining.
// C is half the diameter of the unit sphere here (4 on DeepDesc's own scale).
torch::Tensor MinedHingeLoss(const torch::Tensor& first,
                             const torch::Tensor& second, int mining) {
  constexpr double kMargin = 1.0;
  const int64_t count = first.size(0);
  const int64_t kept = std::max<int64_t>(1, count / mining);
  const auto distance = [](const torch::Tensor& a, const torch::Tensor& b) {
    return torch::sqrt((a - b).pow(2).sum(1) + 1e-6);
  };
  const torch::Tensor positive = distance(first, second);
  // Another point for each: any shift of the batch is a random wrong pairing.
  const int64_t shift = 1 + torch::randint(count - 1, {1}).item<int64_t>();
  const torch::Tensor negative =
      torch::relu(kMargin - distance(first, second.roll(shift, 0)));
  return std::get<0>(positive.topk(kept)).mean() +
         std::get<0>(negative.topk(kept)).mean();
}

// Share of patches whose nearest in the other view is the right one, both ways.
double MatchingAccuracy(const torch::Tensor& first,
                        const torch::Tensor& second) {
  const torch::Tensor d = Distances(first, second);
  const torch::Tensor truth = torch::arange(d.size(0), d.device());
  const auto share = [&](int64_t dim) {
    return d.argmin(dim).eq(truth).to(torch::kFloat).mean().item<double>();
  };
  return (share(0) + share(1)) / 2;
}

}  // namespace

void TrainDescriptor(const TrainOptions& options) {
  if (const std::string error = options.Validate(); !error.empty()) {
    throw InputError(error);
  }
  TrainingTask task;
  task.model = MakeArchitecture(
      options.architecture.empty() ? "deepdesc" : options.architecture);
  task.model.notes["licence"] = options.licence;
  task.model.notes["data"] = options.data_note;
  task.model.notes["seed"] = std::to_string(options.seed);
  task.model.notes["loss"] = options.descriptor_loss;
  const PatchGeometry geometry = NotedGeometry(task.model);

  PrepareTorch(options);
  const torch::Device device = ChooseDevice(options);
  const TrainingData data(options);
  BatchOptions batch_options;
  batch_options.pairs = options.batch;
  const BatchMaker maker(data.photographs, data.training, batch_options,
                         options.seed);
  const BatchMaker held_out(data.photographs, data.validation, batch_options,
                            StreamSeed(options.seed, 999));
  const PatchPairs check = held_out.MakePatchPairs(0, task.model, geometry);

  const auto network = std::make_shared<TorchNetwork>(task.model.spec, true);
  network->to(device);
  task.network = network;
  task.export_weights = [&](Model& model) { network->Export(model); };
  const int size = geometry.size;
  const auto describe = [&](const std::vector<float>& patches) {
    return ForwardFlat(*network, ToDevice(patches, 1, size, size, device),
                       options);
  };

  const Model normalization = task.model;
  Prefetch<PatchPairs> batches(
      CheckpointIteration(options), [&](uint64_t index) {
        return maker.MakePatchPairs(index, normalization, geometry);
      });
  task.loss = [&](int) {
    const PatchPairs batch = batches.Take();
    const torch::Tensor first = describe(batch.first);
    const torch::Tensor second = describe(batch.second);
    return options.descriptor_loss == "hinge"
               ? MinedHingeLoss(first, second, options.mining)
               : HardNetLoss(first, second);
  };
  task.validate = [&] {
    return Report{{"accuracy", MatchingAccuracy(describe(check.first),
                                                describe(check.second))}};
  };
  task.deciding = "accuracy";
  RunTraining(options, task);
}

}  // namespace tiepoint
