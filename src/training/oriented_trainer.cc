// SPDX-License-Identifier: Apache-2.0
// Descriptor and orientation tuned together: LIFT's last step without the
// detector (Yi, Trulls, Lepetit, Fua, ECCV 2016, section 3.5). Patches are cut
// at the angles that the orientation network gives in each view, so the
// descriptor learns to bear its errors, and the network to make errors that can
// be borne; the triplet loss of the descriptors passes through the turning of
// the patch.
#include <vector>

#include "tiepoint/base/error.h"
#include "training/angles.h"
#include "training/architectures.h"
#include "training/descriptor_loss.h"
#include "training/lift_patches.h"
#include "training/mixed_precision.h"
#include "training/oriented_measure.h"
#include "training/patch_turner.h"
#include "training/trainer.h"

namespace tiepoint {
namespace {

struct Networks : torch::nn::Module {
  Networks(const Model& orientation_model, const Model& descriptor_model)
      : orientation(register_module(
            "orientation", std::make_shared<TorchNetwork>(orientation_model))),
        descriptor(register_module(
            "descriptor", std::make_shared<TorchNetwork>(descriptor_model))) {}

  std::shared_ptr<TorchNetwork> orientation, descriptor;
};

}  // namespace

void TrainOrientedDescriptor(const TrainOptions& options) {
  if (options.descriptor.empty()) {
    throw InputError(
        "--orientation needs --descriptor: the weights that are tuned with it");
  }
  if (options.descriptor_loss != "hardnet") {
    throw InputError("--orientation takes --loss hardnet");
  }
  const Model orientation = ReadModel(options.orientation);
  const Model descriptor = ReadModel(options.descriptor);
  const PatchGeometry patch = NotedGeometry(orientation);
  const PatchTurner turner(NotedGeometry(descriptor));
  const PatchGeometry wide = turner.Wide();

  PrepareTorch(options);
  const torch::Device device = ChooseDevice(options);
  const TrainingData data(options);
  BatchOptions batch_options;
  batch_options.pairs = options.batch;
  const BatchMaker maker = data.Training(batch_options, options.seed);
  batch_options.pairs = kOrientedCheckPairs;
  const BatchMaker held_out =
      data.HeldOut(batch_options, StreamSeed(options.seed, 999));
  std::vector<OrientationPairs> checks;
  for (int i = 0; i < kOrientedCheckBatches; ++i) {
    checks.push_back(
        held_out.MakeOrientationPairs(i, orientation, patch, wide));
  }

  const auto networks = std::make_shared<Networks>(orientation, descriptor);
  networks->to(device);
  FreezeIfNamed("orientation", options, *networks->orientation);
  FreezeIfNamed("descriptor", options, *networks->descriptor);
  const auto measure = [&](const OrientationPairs& batch) {
    const int64_t n = batch.count;
    const auto both = [&](const std::vector<float>& first,
                          const std::vector<float>& second, int size) {
      return torch::cat({ToDevice(first, 1, size, size, device),
                         ToDevice(second, 1, size, size, device)});
    };
    const torch::Tensor answer =
        ForwardFlat(*networks->orientation,
                    both(batch.first, batch.second, patch.size), options);
    const torch::Tensor angle = AngleOf(answer);
    const torch::Tensor turned = turner.Turn(
        both(batch.first_wide, batch.second_wide, wide.size), angle);
    const torch::Tensor descriptors = ForwardFlat(
        *networks->descriptor, NormalizePatches(descriptor, turned), options);
    return OrientedMeasure{descriptors.narrow(0, 0, n),
                           descriptors.narrow(0, n, n),
                           angle.narrow(0, n, n) - angle.narrow(0, 0, n) -
                               ToDevice(batch.turn, 1, 1, 1, device).flatten()};
  };

  TrainingTask task;
  task.network = networks;
  task.model = TunedFrom(descriptor, "orientation", options);
  // The descriptor's file is the output; the orientation lies beside it.
  task.export_weights = [&](Model& model) {
    networks->descriptor->Export(model);
    Model other = TunedFrom(orientation, "descriptor", options);
    networks->orientation->Export(other);
    WriteModel(options.output + ".orientation.safetensors", other, true);
  };
  Prefetch<OrientationPairs> batches(
      CheckpointIteration(options), [&](uint64_t index) {
        return maker.MakeOrientationPairs(index, orientation, patch, wide);
      });
  task.loss = [&](int) {
    const OrientedMeasure m = measure(batches.Take());
    return HardNetLoss(m.first, m.second) +
           options.angle_weight * AngleLoss(m.error);
  };
  task.validate = [&] { return JudgeOriented(checks, measure); };
  task.deciding = "accuracy";
  RunTraining(options, task);
}

}  // namespace tiepoint
