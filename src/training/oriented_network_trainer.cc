// SPDX-License-Identifier: Apache-2.0
// One network for angle and descriptor (network/oriented_model.h), from one
// command. The descriptors are compared at the angles that the network itself
// gives, so their triplet loss (HardNet, Mishchuk et al., NIPS 2017) teaches it
// the angles at which descriptors match best (Yi et al., CVPR 2016); a term for
// the true relative angle leads there from far away.
#include <cmath>
#include <numbers>

#include "tiepoint/base/error.h"
#include "training/angles.h"
#include "training/architectures.h"
#include "training/descriptor_loss.h"
#include "training/direction_agreement.h"
#include "training/mixed_precision.h"
#include "training/oriented_measure.h"
#include "training/patch_turner.h"
#include "training/trainer.h"
#include "training/upright_pool.h"

namespace tiepoint {
namespace {

// Share of the steps in which the second angle is the first plus the true turn:
// descriptors begin to differ before the angles are any good. It is wrong by so
// many degrees (standard deviation).
constexpr double kTrueAngles = 0.2, kAngleNoise = 9;

struct OrientedNetworks : torch::nn::Module {
  explicit OrientedNetworks(const OrientedModel& model)
      : trunk(Add("trunk", model.trunk)),
        orientation(Add("orientation", model.orientation)),
        descriptor(Add("descriptor", model.descriptor)) {}

  std::shared_ptr<TorchNetwork> trunk, orientation, descriptor;

 private:
  // New weights with batch normalisation where the model has none.
  std::shared_ptr<TorchNetwork> Add(const char* name, const Model& model) {
    return register_module(
        name, model.weights.empty()
                  ? std::make_shared<TorchNetwork>(model.spec, true)
                  : std::make_shared<TorchNetwork>(model));
  }
};

OrientedModel Begin(const TrainOptions& options) {
  OrientedModel model = options.descriptor.empty()
                            ? MakeOrientedArchitecture(options.architecture)
                            : ReadOrientedModel(options.descriptor);
  const bool tuned = !options.descriptor.empty();
  model.trunk = TunedFrom(std::move(model.trunk), "itself", options);
  if (!tuned) model.trunk.notes.erase("tuned with");
  return model;
}

}  // namespace

void TrainOrientedNetwork(const TrainOptions& options) {
  if (options.descriptor_loss != "hardnet") {
    throw InputError(options.architecture + " takes --loss hardnet");
  }
  OrientedModel model = Begin(options);
  PrepareTorch(options);
  const torch::Device device = ChooseDevice(options);
  const TrainingData data(options);
  BatchOptions batch_options;
  batch_options.pairs = options.batch;
  const std::vector<BatchMaker> makers =
      data.EachTraining(batch_options, options.seed);
  batch_options.pairs = kOrientedCheckPairs;
  const std::vector<BatchMaker> held_out =
      data.EachHeldOut(batch_options, StreamSeed(options.seed, 999));
  const Model input = model.trunk;                // normalisation and geometry
  std::vector<std::vector<UprightBatch>> checks;  // of each kind of data
  for (const BatchMaker& maker : held_out) {
    const UprightPool fresh({&maker}, kOrientedCheckPairs, 0, input);
    std::vector<UprightBatch>& some = checks.emplace_back();
    for (int i = 0; i < kOrientedCheckBatches; ++i)
      some.push_back(fresh.Draw(0, i));
  }
  std::vector<const BatchMaker*> each;
  for (const BatchMaker& maker : makers) each.push_back(&maker);
  const UprightPool pool(each, options.batch, options.pool, input);

  const auto networks = std::make_shared<OrientedNetworks>(model);
  networks->to(device);
  const int size = input.spec.input.width;
  const Shape map_shape = OutputShape(input.spec);
  const auto measure = [&](const UprightBatch& batch, bool true_angles) {
    const int64_t n = batch.count;
    const torch::Tensor patches =
        torch::cat({ToDevice(batch.first, 1, size, size, device),
                    ToDevice(batch.second, 1, size, size, device)});
    const torch::Tensor turn = ToDevice(batch.turn, 1, 1, 1, device).flatten();
    const torch::Tensor map = ForwardFlat(*networks->trunk, patches, options)
                                  .view({2 * n, map_shape.channels,
                                         map_shape.height, map_shape.width});
    const torch::Tensor scores =
        ForwardButLast(*networks->orientation, map, options);
    torch::Tensor angle = AngleOf(MeanDirection(scores).flatten(1));
    const torch::Tensor first = angle.narrow(0, 0, n);
    const torch::Tensor error = angle.narrow(0, n, n) - first - turn;
    if (true_angles) {
      const double noise = kAngleNoise * std::numbers::pi / 180;
      angle =
          torch::cat({first, first + turn + noise * torch::randn_like(turn)})
              .detach();
    }
    const torch::Tensor descriptors =
        ForwardFlat(*networks->descriptor, TurnColumns(map, angle), options);
    return OrientedMeasure{descriptors.narrow(0, 0, n),
                           descriptors.narrow(0, n, n), error,
                           DirectionAgreement(scores, turn)};
  };

  TrainingTask task;
  task.network = networks;
  task.model = model.trunk;
  task.export_weights = [&](Model& trunk) {
    networks->trunk->Export(trunk);
    networks->orientation->Export(model.orientation);
    networks->descriptor->Export(model.descriptor);
  };
  task.write = [&](const Model& trunk) {
    model.trunk = trunk;
    WriteOrientedModel(options.output, model, true);
  };
  Prefetch<UprightBatch> batches(
      CheckpointIteration(options),
      [&](uint64_t index) { return pool.Draw(options.seed, index); });
  const bool tuned = !options.descriptor.empty();
  task.loss = [&](int iteration) {
    const OrientedMeasure m = measure(
        batches.Take(), !tuned && iteration < kTrueAngles * options.iterations);
    return HardNetLoss(m.first, m.second) +
           options.angle_weight * AngleLoss(m.error) +
           options.agreement_weight * -torch::log(m.agreement + 1e-6).mean();
  };
  task.validate = [&] {
    // With photographs and shards the mean of both, and each.
    Report mean;
    for (size_t k = 0; k < checks.size(); ++k) {
      const Report report = JudgeOriented(
          checks[k],
          [&](const UprightBatch& check) { return measure(check, false); });
      for (const auto& [name, value] : report) {
        mean[name] += value / static_cast<double>(checks.size());
        if (checks.size() > 1)
          mean[name + (k == 0 ? "_photographs" : "_shards")] = value;
      }
    }
    return mean;
  };
  task.deciding = "accuracy";
  RunTraining(options, task);
}

}  // namespace tiepoint
