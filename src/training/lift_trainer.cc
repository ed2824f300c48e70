// SPDX-License-Identifier: Apache-2.0
// LIFT end to end (Yi, Trulls, Lepetit, Fua, ECCV 2016; spec sections 0, 7, 8):
// detector, orientation and descriptor, trained one after the other before, are
// tied together and tuned jointly. The soft maximum of the detector's scores
// places the crop that the orientation network sees; place and angle place the
// crop of the descriptor. All derivatives pass through both crops.
#include <array>
#include <cmath>

#include "tiepoint/base/error.h"
#include "training/angles.h"
#include "training/architectures.h"
#include "training/descriptor_loss.h"
#include "training/lift_patches.h"
#include "training/trainer.h"

namespace tiepoint {
namespace {

// Level pixels: the detector's patch of 48 pixels spans 24 sigma from corner to
// corner, and loses 12 a side to its filter. The places that the soft maximum
// may choose are the 14 x 14 whose turned descriptor window stays inside.
constexpr int kDetectorPatch = 48;
constexpr int kFilter = 25;
constexpr int kScores = 14;
constexpr double kSpacing = 12 / 23.5;  // sigma a level pixel
constexpr double kBeta = 10;            // sharpness of the soft maximum

struct Networks : torch::nn::Module {
  Networks(const Model& detector_model, const Model& orientation_model,
           const Model& descriptor_model)
      : detector(register_module(
            "detector", std::make_shared<TorchNetwork>(detector_model))),
        orientation(register_module(
            "orientation", std::make_shared<TorchNetwork>(orientation_model))),
        descriptor(register_module(
            "descriptor", std::make_shared<TorchNetwork>(descriptor_model))) {}

  std::shared_ptr<TorchNetwork> detector, orientation, descriptor;
};

// What one view gives.
struct Features {
  torch::Tensor x, y;         // sigma, in the patch; N
  torch::Tensor score;        // soft maximum of the scores
  torch::Tensor direction;    // unit, N x 2 (cos, sin)
  torch::Tensor descriptors;  // N x D
};

class LiftPipeline {
 public:
  LiftPipeline(Model detector, Model orientation, Model descriptor)
      : detector_(std::move(detector)),
        orientation_(std::move(orientation)),
        descriptor_(std::move(descriptor)),
        orientation_patch_(NotedGeometry(orientation_)),
        descriptor_patch_(NotedGeometry(descriptor_)),
        networks_(
            std::make_shared<Networks>(detector_, orientation_, descriptor_)) {}

  const std::shared_ptr<Networks>& networks() const { return networks_; }
  const Model& detector() const { return detector_; }
  const Model& orientation() const { return orientation_; }
  const Model& descriptor() const { return descriptor_; }

  // Does the descriptor see more than the near patches hold?
  bool NeedsWide() const {
    return descriptor_patch_.support * std::sqrt(2.0) >
           LiftQuadruplets::Near().support;
  }

  // N x 14 x 14 around the middle.
  torch::Tensor Scores(const GrayPatches& near) const {
    // The detector's levels have a blur of one of their pixels.
    const double pixel = 2 * near.support / near.pixels.size(3);
    const double sigma = kSpacing / pixel;
    const int64_t reach = static_cast<int64_t>(std::ceil(3 * sigma));
    const torch::Tensor offset =
        torch::arange(2 * reach + 1, near.pixels.options()) -
        static_cast<double>(reach);
    torch::Tensor line = torch::exp(-offset * offset / (2 * sigma * sigma));
    line = line / line.sum();
    const std::array<int64_t, 2> once = {1, 1}, along = {0, reach},
                                 across = {reach, 0};
    const torch::Tensor blurred = torch::conv2d(
        torch::conv2d(near.pixels, line.view({1, 1, 1, -1}), {},
                      torch::IntArrayRef(once), torch::IntArrayRef(along)),
        line.view({1, 1, -1, 1}), {}, torch::IntArrayRef(once),
        torch::IntArrayRef(across));
    PatchGeometry level;
    level.size = kDetectorPatch;
    level.support = kSpacing * kDetectorPatch / 2;
    const torch::Tensor zero =
        torch::zeros({near.pixels.size(0)}, near.pixels.options());
    const torch::Tensor patch = NormalizePatches(
        detector_, Crop({blurred, near.support}, level, zero, zero, zero));
    const torch::Tensor scores = networks_->detector->forward(patch).squeeze(1);
    const int64_t border = (kDetectorPatch - kFilter + 1 - kScores) / 2;
    return scores.narrow(1, border, kScores).narrow(2, border, kScores);
  }

  // The soft maximum of scores as LIFT's classification takes it.
  static torch::Tensor SoftMax(const torch::Tensor& scores) {
    const torch::Tensor flat = kBeta * scores.flatten(1);
    return (torch::logsumexp(flat, 1) -
            std::log(static_cast<double>(flat.size(1)))) /
           kBeta;
  }

  Features Run(const GrayPatches& near, const GrayPatches& wide) const {
    Features f;
    const torch::Tensor scores = Scores(near);
    f.score = SoftMax(scores);
    const torch::Tensor weight =
        torch::softmax(kBeta * scores.flatten(1), 1).view_as(scores);
    const torch::Tensor at =
        (torch::arange(kScores, scores.options()) - (kScores - 1) / 2.0) *
        kSpacing;
    f.x = (weight.sum(1) * at).sum(1);
    f.y = (weight.sum(2) * at).sum(1);
    const torch::Tensor upright = torch::zeros_like(f.x);
    const torch::Tensor answer =
        networks_->orientation
            ->forward(NormalizePatches(
                orientation_,
                Crop(near, orientation_patch_, f.x, f.y, upright)))
            .flatten(1);
    namespace F = torch::nn::functional;
    f.direction = F::normalize(answer, F::NormalizeFuncOptions().p(2).dim(1));
    const torch::Tensor angle = AngleOf(f.direction);
    f.descriptors =
        networks_->descriptor
            ->forward(NormalizePatches(
                descriptor_, Crop(NeedsWide() ? wide : near, descriptor_patch_,
                                  f.x, f.y, angle)))
            .flatten(1);
    return f;
  }

 private:
  Model detector_, orientation_, descriptor_;
  PatchGeometry orientation_patch_, descriptor_patch_;
  std::shared_ptr<Networks> networks_;
};

struct Measured {
  Features first, second;
  torch::Tensor classification;  // alpha = 1/6, 1/6, 1/6, 3/6
  torch::Tensor apart;           // of the two places, sigma: N
  torch::Tensor angle_error;     // radians: N
};

Measured Measure(const LiftPipeline& lift, const LiftQuadruplets& batch,
                 torch::Device device) {
  const auto patches = [&](const std::vector<float>& pixels,
                           const PatchGeometry& g) {
    return GrayPatches{ToDevice(pixels, 1, g.size, g.size, device), g.support};
  };
  const PatchGeometry near = batch.Near(), wide = batch.Wide();
  Measured m;
  m.first = lift.Run(patches(batch.near_first, near),
                     patches(batch.wide_first, wide));
  m.second = lift.Run(patches(batch.near_second, near),
                      patches(batch.wide_second, wide));
  const torch::Tensor negative =
      LiftPipeline::SoftMax(lift.Scores(patches(batch.near_negative, near)));
  // The third patch is a view of another point: the second view of the next.
  m.classification = (torch::relu(1 - m.first.score).pow(2).mean() +
                      2 * torch::relu(1 - m.second.score).pow(2).mean()) /
                         6 +
                     torch::relu(1 + negative).pow(2).mean() / 2;

  const torch::Tensor turn = ToDevice(batch.turn, 1, 1, 1, device).flatten();
  const torch::Tensor places =
      ToDevice(batch.places, 4, 1, 1, device).flatten(1);
  // From the true place to the one found, in the frame of the first view.
  const torch::Tensor x1 = m.first.x - places.select(1, 0);
  const torch::Tensor y1 = m.first.y - places.select(1, 1);
  const torch::Tensor x2 = m.second.x - places.select(1, 2);
  const torch::Tensor y2 = m.second.y - places.select(1, 3);
  const torch::Tensor c = torch::cos(turn), s = torch::sin(turn);
  m.apart = torch::sqrt((c * x2 + s * y2 - x1).pow(2) +
                        (c * y2 - s * x2 - y1).pow(2) + 1e-6);
  m.angle_error =
      AngleOf(m.second.direction) - AngleOf(m.first.direction) - turn;
  return m;
}

}  // namespace

void TrainLift(const TrainOptions& options) {
  if (const std::string error = options.Validate(); !error.empty()) {
    throw InputError(error);
  }
  if (options.detector.empty() || options.orientation.empty() ||
      options.descriptor.empty()) {
    throw InputError(
        "--detector, --orientation and --descriptor are needed: the weights "
        "that are tied together");
  }
  PrepareTorch(options);
  const torch::Device device = ChooseDevice(options);
  LiftPipeline lift(ReadModel(options.detector), ReadModel(options.orientation),
                    ReadModel(options.descriptor));
  const std::shared_ptr<Networks>& networks = lift.networks();
  networks->to(device);
  FreezeIfNamed("detector", options, *networks->detector);
  FreezeIfNamed("orientation", options, *networks->orientation);
  FreezeIfNamed("descriptor", options, *networks->descriptor);

  const TrainingData data(options);
  BatchOptions batch_options;
  batch_options.pairs = options.batch;
  batch_options.pairs_a_view = 32;
  const BatchMaker maker = data.Training(batch_options, options.seed);
  batch_options.pairs = 512;
  const BatchMaker held_out =
      data.HeldOut(batch_options, StreamSeed(options.seed, 999));
  const bool wide = lift.NeedsWide();
  const LiftQuadruplets check = held_out.MakeLiftQuadruplets(0, wide);

  TrainingTask task;
  task.network = networks;
  task.model = TunedFrom(lift.detector(), "orientation, descriptor", options);
  // The detector's file is the output; the other two lie beside it.
  task.export_weights = [&](Model& model) {
    networks->detector->Export(model);
    const auto write = [&](const TorchNetwork& network, const Model& start,
                           const std::string& name, const std::string& others) {
      Model other = TunedFrom(start, others, options);
      network.Export(other);
      WriteModel(options.output + "." + name + ".safetensors", other);
    };
    write(*networks->orientation, lift.orientation(), "orientation",
          "detector, descriptor");
    write(*networks->descriptor, lift.descriptor(), "descriptor",
          "detector, orientation");
  };
  Prefetch<LiftQuadruplets> batches(
      CheckpointIteration(options),
      [&](uint64_t index) { return maker.MakeLiftQuadruplets(index, wide); });
  task.loss = [&](int) {
    const Measured m = Measure(lift, batches.Take(), device);
    return HardNetLoss(m.first.descriptors, m.second.descriptors) +
           options.class_weight * m.classification +
           options.place_weight * m.apart.mean() +
           options.angle_weight * (1 - torch::cos(m.angle_error)).mean();
  };
  task.validate = [&] {
    const Measured m = Measure(lift, check, device);
    const torch::Tensor degrees = AbsoluteDegrees(m.angle_error);
    return Report{{"accuracy",
                   MatchingAccuracy(m.first.descriptors, m.second.descriptors)},
                  {"apart", m.apart.median().item<double>()},
                  {"median_degrees", degrees.median().item<double>()},
                  {"classification", m.classification.item<double>()}};
  };
  task.deciding = "accuracy";
  RunTraining(options, task);
}

}  // namespace tiepoint
