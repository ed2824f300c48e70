// SPDX-License-Identifier: Apache-2.0
// Orientations such that descriptors of one point agree (spec/orientation,
// section 4): the loss is the distance of the two descriptors, each computed
// at the angle that the network gives; its derivative passes through the
// descriptor network and the turning of the patch. Both views are turned over
// the full circle independently.
#include <cmath>
#include <numbers>

#include "tiepoint/base/error.h"
#include "training/architectures.h"
#include "training/lift_patches.h"
#include "training/mixed_precision.h"
#include "training/trainer.h"

namespace tiepoint {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

// The frozen descriptor at any angle, differentiable in the angle.
class TurnedDescriptor {
 public:
  TurnedDescriptor(const Model& model, torch::Device device)
      : model_(model), geometry_(NotedGeometry(model)), network_(model) {
    network_.to(device);
    network_.eval();
    for (auto& p : network_.parameters()) p.set_requires_grad(false);
  }

  // The upright patch from which all turned ones are cut: for a square grid,
  // large enough that its turned square stays inside.
  PatchGeometry Wide() const {
    PatchGeometry wide = geometry_;
    if (!Polar()) {
      wide.size = static_cast<int>(std::ceil(geometry_.size * std::sqrt(2.0)));
      wide.support = geometry_.support * wide.size / geometry_.size;
    }
    return wide;
  }

  // wide: N x 1 x S x S gray; angle: N. Returns N x D.
  torch::Tensor Describe(const torch::Tensor& wide,
                         const torch::Tensor& angle) {
    const torch::Tensor patch =
        Polar() ? ShiftColumns(wide, angle) : Turn(wide, angle);
    return network_.forward(NormalizePatches(model_, patch)).flatten(1);
  }

 private:
  bool Polar() const {
    return geometry_.grid == PatchGeometry::Grid::kLogPolar;
  }

  // A turned log-polar patch has its columns moved, by parts of a column too.
  static torch::Tensor ShiftColumns(const torch::Tensor& wide,
                                    const torch::Tensor& angle) {
    const int64_t n = wide.size(0), width = wide.size(3);
    const torch::Tensor position =
        torch::arange(width, wide.options()).unsqueeze(0) +
        (angle * (static_cast<double>(width) / kTurn)).unsqueeze(1);
    const torch::Tensor left = torch::floor(position.detach());
    const torch::Tensor part = (position - left).view({n, 1, 1, width});
    const auto column = [&](const torch::Tensor& index) {
      return wide.gather(3, index.remainder(width)
                                .to(torch::kLong)
                                .view({n, 1, 1, width})
                                .expand({n, 1, wide.size(2), width}));
    };
    return (1 - part) * column(left) + part * column(left + 1);
  }

  torch::Tensor Turn(const torch::Tensor& wide,
                     const torch::Tensor& angle) const {
    const torch::Tensor zero = torch::zeros_like(angle);
    return Crop({wide, Wide().support}, geometry_, zero, zero, angle);
  }

  Model model_;
  PatchGeometry geometry_;
  TorchNetwork network_;
};

// Unit vectors (cos, sin) of the network's answer: N x 2.
torch::Tensor Direction(TorchNetwork& network, const torch::Tensor& patches,
                        const TrainOptions& options) {
  namespace F = torch::nn::functional;
  return F::normalize(ForwardFlat(network, patches, options),
                      F::NormalizeFuncOptions().p(2).dim(1));
}

torch::Tensor Angle(const torch::Tensor& direction) {
  return torch::atan2(direction.select(1, 1), direction.select(1, 0));
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
        "orientations are learned from");
  }
  TrainingTask task = MakeTask("lift-orientation", options);
  task.half = true;  // two million weights of one layer: 4 MB instead of 8
  const PatchGeometry geometry = NotedGeometry(task.model);

  PrepareTorch(options);
  const torch::Device device = ChooseDevice(options);
  TurnedDescriptor descriptor(ReadModel(options.descriptor), device);
  const PatchGeometry wide = descriptor.Wide();
  const TrainingData data(options);
  BatchOptions batch_options;
  batch_options.pairs = options.batch;
  batch_options.pairs_a_view = 64;
  batch_options.jitter.place = 0.15;
  batch_options.jitter.scale = 0.12;
  const BatchMaker maker(data.photographs, data.training, batch_options,
                         options.seed);
  batch_options.pairs = 1024;
  const BatchMaker held_out(data.photographs, data.validation, batch_options,
                            StreamSeed(options.seed, 999));
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
    const torch::Tensor angle = Angle(Direction(*network, patches, options));
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
      return descriptor.Describe(
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
    return descriptor_distance(batch, a) + (1 - torch::cos(a.error)).mean();
  };
  task.validate = [&] {
    const Answer a = answer(check);
    const torch::Tensor error =
        torch::atan2(torch::sin(a.error), torch::cos(a.error)).abs() *
        (360 / kTurn);
    const torch::Tensor bins =
        torch::histc(a.angle1.to(torch::kCPU), 12, -kTurn / 2, kTurn / 2);
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
