// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "tiepoint/base/error.h"
#include "training/architectures.h"
#include "training/descriptor_loss.h"
#include "training/mixed_precision.h"
#include "training/trainer.h"

namespace tiepoint {
namespace {

// DeepDesc (spec sections 3, 4): d for pairs of one point, max(0, C - d) for
// pairs of two. Of many pairs that are only looked at, the hardest of each kind
// are learned from. C is half the diameter of the space of descriptors: 4 on
// the paper's own scale (outputs of norm 40), 1 on the unit sphere.
class MinedHinge {
 public:
  MinedHinge(const TrainOptions& options, bool unit)
      : pairs_(options.batch),
        positive_(options.mining),
        negative_(options.MiningNegative()),
        margin_(unit ? 1 : 4) {}

  // Pairs to look at.
  int Pairs() const { return pairs_ * std::max(positive_, negative_); }

  // `describe` maps N x 1 x S x S patches to N x D.
  template <typename Describe>
  torch::Tensor Loss(const Describe& describe, const torch::Tensor& first,
                     const torch::Tensor& second) const {
    const int64_t count = first.size(0);
    // Another point for each: a shift of the batch is a random wrong pairing.
    const int64_t shift = 1 + torch::randint(count - 1, {1}).item<int64_t>();
    torch::Tensor hard_positive, hard_negative;
    {
      const torch::NoGradGuard guard;
      const torch::Tensor a = describe(first), b = describe(second);
      const auto hardest = [&](const torch::Tensor& loss, int ratio) {
        return std::get<1>(
            loss.narrow(0, 0, int64_t{pairs_} * ratio).topk(pairs_));
      };
      hard_positive = hardest(Distance(a, b), positive_);
      hard_negative = hardest(-Distance(a, b.roll(shift, 0)), negative_);
    }
    const torch::Tensor partner = (hard_negative - shift).remainder(count);
    const torch::Tensor chosen =
        describe(torch::cat({first.index_select(0, hard_positive),
                             second.index_select(0, hard_positive),
                             first.index_select(0, hard_negative),
                             second.index_select(0, partner)}));
    const auto part = [&](int64_t k) {
      return chosen.narrow(0, k * pairs_, pairs_);
    };
    return Distance(part(0), part(1)).mean() +
           torch::relu(margin_ - Distance(part(2), part(3))).mean();
  }

 private:
  static torch::Tensor Distance(const torch::Tensor& a,
                                const torch::Tensor& b) {
    return torch::sqrt((a - b).pow(2).sum(1) + 1e-6);
  }

  int64_t pairs_;
  int positive_, negative_;
  double margin_;
};

}  // namespace

void TrainDescriptor(const TrainOptions& options) {
  if (const std::string error = options.Validate(); !error.empty()) {
    throw InputError(error);
  }
  if (IsOrientedArchitecture(options.architecture)) {
    return TrainOrientedNetwork(options);
  }
  if (!options.orientation.empty()) return TrainOrientedDescriptor(options);
  TrainingTask task =
      MakeTask(options.architecture.empty() ? "deepdesc" : options.architecture,
               options);
  task.model.notes["loss"] = options.descriptor_loss;
  if (options.support > 0) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", options.support);
    task.model.notes["support"] = text;
  }
  const PatchGeometry geometry = NotedGeometry(task.model);

  PrepareTorch(options);
  const torch::Device device = ChooseDevice(options);
  const TrainingData data(options);
  const bool unit =
      task.model.spec.layers.back().type == LayerSpec::Type::kL2Normalize;
  const bool hinge = options.descriptor_loss == "hinge";
  if (!unit && !hinge) {
    throw InputError("the loss hardnet needs descriptors of unit length; " +
                     task.model.spec.architecture + " takes --loss hinge");
  }
  const MinedHinge mined(options, unit);
  BatchOptions batch_options;
  batch_options.pairs = hinge ? mined.Pairs() : options.batch;
  const BatchMaker maker = data.Training(batch_options, options.seed);
  batch_options.pairs = 1000;
  const BatchMaker held_out =
      data.HeldOut(batch_options, StreamSeed(options.seed, 999));
  const PatchPairs check = held_out.MakePatchPairs(0, task.model, geometry);

  const auto network = std::make_shared<TorchNetwork>(
      task.model.spec, unit,
      static_cast<int>(task.model.Number("connections", 0)));
  network->to(device);
  task.network = network;
  task.export_weights = [&](Model& model) { network->Export(model); };
  const int size = geometry.size;
  const auto describe = [&](const torch::Tensor& patches) {
    return ForwardFlat(*network, patches, options);
  };
  const auto patches = [&](const std::vector<float>& pixels) {
    return ToDevice(pixels, 1, size, size, device);
  };

  const Model normalization = task.model;
  Prefetch<PatchPairs> batches(
      CheckpointIteration(options), [&](uint64_t index) {
        return maker.MakePatchPairs(index, normalization, geometry);
      });
  task.loss = [&](int) {
    const PatchPairs batch = batches.Take();
    const torch::Tensor first = patches(batch.first);
    const torch::Tensor second = patches(batch.second);
    return hinge ? mined.Loss(describe, first, second)
                 : HardNetLoss(describe(first), describe(second));
  };
  task.validate = [&] {
    const torch::Tensor first = describe(patches(check.first));
    const torch::Tensor second = describe(patches(check.second));
    return Report{{"accuracy", MatchingAccuracy(first, second)},
                  {"average_precision", AveragePrecision(first, second)}};
  };
  task.deciding = "accuracy";
  RunTraining(options, task);
}

}  // namespace tiepoint
