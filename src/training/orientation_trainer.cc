// SPDX-License-Identifier: Apache-2.0
// Orientations such that descriptors of one point agree (spec/orientation,
// section 4): the loss is the distance of the two descriptors, each computed
// at the angle that the network gives; its derivative passes through the
// descriptor network and the turning of the patch. Both views are turned over
// the full circle independently.
#include <cmath>
#include <memory>
#include <numbers>

#include "tiepoint/base/error.h"
#include "training/angles.h"
#include "training/architectures.h"
#include "training/lift_patches.h"
#include "training/mixed_precision.h"
#include "training/patch_turner.h"
#include "training/sift_table.h"
#include "training/trainer.h"

namespace tiepoint {
namespace {

// A descriptor at any angle, differentiable in the angle.
class TurnedDescriptor {
 public:
  virtual ~TurnedDescriptor() = default;

  // The upright patch that it is computed from.
  virtual PatchGeometry Wide() const = 0;
  // wide: N x 1 x S x S gray; angle: N. Returns N x D.
  virtual torch::Tensor Describe(const torch::Tensor& wide,
                                 const torch::Tensor& angle) = 0;
};

class TurnedSift : public TurnedDescriptor {
 public:
  explicit TurnedSift(torch::Device device) : table_(device) {}
  PatchGeometry Wide() const override { return SiftTable::Patch(); }
  torch::Tensor Describe(const torch::Tensor& wide,
                         const torch::Tensor& angle) override {
    return table_.Describe(wide, angle);
  }

 private:
  SiftTable table_;
};

// A frozen network.
class TurnedNetwork : public TurnedDescriptor {
 public:
  TurnedNetwork(const Model& model, torch::Device device)
      : model_(model), turner_(NotedGeometry(model)), network_(model) {
    network_.to(device);
    network_.eval();
    for (auto& p : network_.parameters()) p.set_requires_grad(false);
  }

  PatchGeometry Wide() const override { return turner_.Wide(); }
  torch::Tensor Describe(const torch::Tensor& wide,
                         const torch::Tensor& angle) override {
    return network_.forward(NormalizePatches(model_, turner_.Turn(wide, angle)))
        .flatten(1);
  }

 private:
  Model model_;
  PatchTurner turner_;
  TorchNetwork network_;
};

// Unit vectors (cos, sin) of the network's answer: N x 2.
torch::Tensor Direction(TorchNetwork& network, const torch::Tensor& patches,
                        const TrainOptions& options) {
  namespace F = torch::nn::functional;
  return F::normalize(ForwardFlat(network, patches, options),
                      F::NormalizeFuncOptions().p(2).dim(1));
}

struct Answer {
  torch::Tensor angle1, angle2, error;  // error: angle2 - angle1 - turn
};

}  // namespace

void TrainOrientation(const TrainOptions& options) {
  if (const std::string error = options.Validate(); !error.empty()) {
    throw InputError(error);
  }
  if (options.descriptor.empty()) {
    throw InputError(
        "--descriptor is needed: the weights whose distances the "
        "orientations are learned from, or sift");
  }
  TrainingTask task = MakeTask(
      options.architecture.empty() ? "lift-orientation" : options.architecture,
      options);
  if (OutputShape(task.model.spec).Size() != 2) {
    throw InputError("--architecture " + options.architecture +
                     " is no orientation network; choose lift-orientation, "
                     "logpolar-orientation or circular-orientation");
  }
  task.half = true;  // some hold a million weights: half of the file's size
  const PatchGeometry geometry = NotedGeometry(task.model);

  PrepareTorch(options);
  const torch::Device device = ChooseDevice(options);
  std::unique_ptr<TurnedDescriptor> descriptor;
  if (options.descriptor == "sift") {
    descriptor = std::make_unique<TurnedSift>(device);
  } else {
    descriptor =
        std::make_unique<TurnedNetwork>(ReadModel(options.descriptor), device);
  }
  const PatchGeometry wide = descriptor->Wide();
  const TrainingData data(options);
  BatchOptions batch_options;
  batch_options.pairs = options.batch;
  batch_options.pairs_a_view = 64;
  const BatchMaker maker = data.Training(batch_options, options.seed);
  batch_options.pairs = 1024;
  const BatchMaker held_out =
      data.HeldOut(batch_options, StreamSeed(options.seed, 999));
  const OrientationPairs check =
      held_out.MakeOrientationPairs(0, task.model, geometry, wide);

  const auto network = std::make_shared<TorchNetwork>(task.model.spec, true);
  network->to(device);
  task.network = network;
  task.export_weights = [&](Model& model) { network->Export(model); };
  const auto answer = [&](const OrientationPairs& batch) {
    const int n = batch.count, size = geometry.size;
    const torch::Tensor patches =
        torch::cat({ToDevice(batch.first, 1, size, size, device),
                    ToDevice(batch.second, 1, size, size, device)});
    const torch::Tensor angle = AngleOf(Direction(*network, patches, options));
    Answer a;
    a.angle1 = angle.narrow(0, 0, n);
    a.angle2 = angle.narrow(0, n, n);
    a.error =
        a.angle2 - a.angle1 - ToDevice(batch.turn, 1, 1, 1, device).flatten();
    return a;
  };
  const auto descriptor_distance = [&](const OrientationPairs& batch,
                                       const Answer& a) {
    const auto describe = [&](const std::vector<float>& patches,
                              const torch::Tensor& angle) {
      return descriptor->Describe(
          ToDevice(patches, 1, wide.size, wide.size, device), angle);
    };
    const torch::Tensor difference = describe(batch.first_wide, a.angle1) -
                                     describe(batch.second_wide, a.angle2);
    return torch::sqrt(difference.pow(2).sum(1) + 1e-6).mean();
  };

  const Model normalization = task.model;
  Prefetch<OrientationPairs> batches(
      CheckpointIteration(options), [&](uint64_t index) {
        return maker.MakeOrientationPairs(index, normalization, geometry, wide);
      });
  task.loss = [&](int) {
    const OrientationPairs batch = batches.Take();
    const Answer a = answer(batch);
    // The descriptor distance alone has a wide flat floor far from the right
    // relative angle; the known turn between the views leads across it.
    return descriptor_distance(batch, a) + AngleLoss(a.error);
  };
  task.validate = [&] {
    const Answer a = answer(check);
    const torch::Tensor error = AbsoluteDegrees(a.error);
    const torch::Tensor bins = torch::histc(
        a.angle1.to(torch::kCPU), 12, -std::numbers::pi, std::numbers::pi);
    return Report{{"distance", descriptor_distance(check, a).item<double>()},
                  {"median_degrees", error.median().item<double>()},
                  {"within_20_degrees",
                   (error < 20).to(torch::kFloat).mean().item<double>()},
                  {"fullest_bin", (bins.max() / bins.sum()).item<double>()}};
  };
  task.deciding = "median_degrees";
  task.smaller_is_better = true;
  RunTraining(options, task);
}

}  // namespace tiepoint
