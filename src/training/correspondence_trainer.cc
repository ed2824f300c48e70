// SPDX-License-Identifier: Apache-2.0
// "Learning to Find Good Correspondences" (Yi et al., CVPR 2018) and what we
// add: side information, stages, attention, a loss on virtual points.
#include <algorithm>
#include <array>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "training/match_batches.h"
#include "training/torch_consensus.h"
#include "training/trainer.h"

namespace tiepoint {
namespace {

struct Architecture {
  const char* name;
  ConsensusSpec spec;
  TorchConsensus::Norm norm;
};

const std::vector<Architecture>& Architectures() {
  using Norm = TorchConsensus::Norm;
  static const std::vector<Architecture> all = {
      {"two-stage-attention", {kMatchInputs, 128, {6, 6}, true}, Norm::kAffine},
      {"two-stage", {kMatchInputs, 128, {6, 6}, false}, Norm::kAffine},
      {"three-stage-attention",
       {kMatchInputs, 128, {4, 4, 4}, true},
       Norm::kAffine},
      {"lfgc-side", {kMatchInputs, 128, {12}, false}, Norm::kBatch},
      {"lfgc", {4, 128, {12}, false}, Norm::kBatch}};
  return all;
}

const Architecture& FindArchitecture(const std::string& name) {
  if (name.empty()) return Architectures().front();
  std::string names;
  for (const Architecture& a : Architectures()) {
    if (name == a.name) return a;
    names += (names.empty() ? "" : ", ") + std::string(a.name);
  }
  throw InputError("no architecture '" + name + "'; choose one of " + names);
}

// A batch on the device.
struct Tensors {
  torch::Tensor inputs, labels, essential, virtual_points, has_pose;

  Tensors(const MatchBatch& batch, int columns, torch::Device device) {
    const auto move = [&](const std::vector<float>& values,
                          torch::IntArrayRef shape) {
      return torch::from_blob(const_cast<float*>(values.data()), shape,
                              torch::kFloat)
          .clone()
          .to(device);
    };
    inputs = move(batch.inputs, {batch.pairs, batch.matches, kMatchInputs})
                 .narrow(2, 0, columns);
    labels = move(batch.labels, {batch.pairs, batch.matches});
    essential = move(batch.essential, {batch.pairs, 9});
    virtual_points =
        move(batch.virtual_points, {batch.pairs, kVirtualPoints, 4});
    has_pose = move(batch.has_pose, {batch.pairs});
  }
};

// Mean over pairs of the cross entropy of right and wrong matches, each kind
// weighing one half.
torch::Tensor BalancedCrossEntropy(const torch::Tensor& logits,
                                   const torch::Tensor& labels) {
  const torch::Tensor right = (labels == 1).to(torch::kFloat);
  const torch::Tensor wrong = (labels == 0).to(torch::kFloat);
  const auto mean = [](const torch::Tensor& loss, const torch::Tensor& mask) {
    return (loss * mask).sum(1) / mask.sum(1).clamp_min(1);
  };
  return 0.5 * (mean(-torch::log_sigmoid(logits), right) +
                mean(-torch::log_sigmoid(-logits), wrong))
                   .mean();
}

// Mean over the pairs whose E is told, 0 when there is none.
torch::Tensor MeanOf(const torch::Tensor& losses, const torch::Tensor& told) {
  return torch::where(told > 0, losses, torch::zeros_like(losses)).sum() /
         told.sum().clamp_min(1);
}

torch::Tensor RegressionLoss(const std::string& kind,
                             const TorchConsensus::Stage& stage,
                             const Tensors& batch) {
  const torch::Tensor told = stage.has_essential * batch.has_pose;
  if (kind == "essential") {
    const auto squared = [&](const torch::Tensor& difference) {
      return difference.pow(2).sum(1);
    };
    return MeanOf(torch::minimum(squared(stage.essential - batch.essential),
                                 squared(stage.essential + batch.essential)),
                  told);
  }
  // Of distances d: log(1 + d / 3 px), which asks for the last pixel as much as
  // for the first hundred.
  constexpr double kUnit = 0.003;
  return MeanOf(
      torch::log1p(torch::sqrt(SymmetricEpipolarSquared(batch.virtual_points,
                                                        stage.essential) +
                               1e-12) /
                   kUnit)
          .mean(1),
      told);
}

// The loss takes right and wrong matches to be as frequent; among the matches
// of photographs the wrong ones are more. What is written takes so much from
// the last logits, chosen on scenes that nothing was trained on.
constexpr float kPrior = 1.3F;

struct PairCounts {
  double right = 0, kept = 0, both = 0;
};

// Sums up what is measured on held-out pairs.
class Judge {
 public:
  void Add(const torch::Tensor& logits, const torch::Tensor& essential,
           const MatchBatch& batch, int first) {
    const torch::Tensor l = logits.to(torch::kCPU).contiguous();
    const torch::Tensor e = essential.to(torch::kCPU).contiguous();
    const int64_t matches = l.size(1);
    for (int64_t p = 0; p < l.size(0); ++p) {
      const float* o = l.data_ptr<float>() + p * matches;
      const float* label = batch.labels.data() + (first + p) * matches;
      PairCounts counts;
      for (int64_t k = 0; k < matches; ++k) {
        counts.right += label[k] == 1;
        counts.kept += o[k] > 0;
        counts.both += label[k] == 1 && o[k] > 0;
      }
      precision_ += counts.kept > 0 ? counts.both / counts.kept : 0;
      recall_ += counts.right > 0 ? counts.both / counts.right : 0;
      fscore_ += 2 * counts.both / std::max(counts.kept + counts.right, 1.0);
      const double error =
          EssentialErrorDegrees({e.data_ptr<float>() + p * 9, 9},
                                {batch.essential.data() + (first + p) * 9, 9});
      for (size_t k = 0; k < kLimits.size(); ++k) {
        areas_[k] += std::max(0.0, 1 - error / kLimits[k]);
      }
      ++count_;
    }
  }

  void Put(const std::string& suffix, Report& report) const {
    report["precision" + suffix] = precision_ / count_;
    report["recall" + suffix] = recall_ / count_;
    report["fscore" + suffix] = fscore_ / count_;
    for (size_t k = 0; k < kLimits.size(); ++k) {
      report["pose_area" + std::to_string(static_cast<int>(kLimits[k])) +
             suffix] = areas_[k] / count_;
    }
  }

 private:
  static constexpr std::array kLimits = {5.0, 20.0};  // degrees
  double precision_ = 0, recall_ = 0, fscore_ = 0;
  std::array<double, 2> areas_{};
  int count_ = 0;
};

}  // namespace

void CheckCorrespondenceArchitecture(const std::string& name) {
  FindArchitecture(name);
}

void TrainCorrespondence(const TrainOptions& options) {
  if (const std::string error = options.Validate(); !error.empty()) {
    throw InputError(error);
  }
  const Architecture& architecture = FindArchitecture(options.architecture);
  std::vector<MatchSet> sets;
  for (const std::string& path : FindMatchSets(options.data)) {
    sets.push_back(ReadMatchSet(path));
  }
  if (sets.empty()) {
    throw InputError(
        "no *.matches in the folders of --data; make them with "
        "tiepoint data matches");
  }
  PrepareTorch(options);
  SetNumThreads(options.threads);
  const torch::Device device = ChooseDevice(options);
  at::globalContext().setAllowTF32CuBLAS(true);

  MatchBatchOptions batch_options;
  batch_options.pairs = options.batch;
  batch_options.matches = options.matches;
  batch_options.synthetic = options.synthetic;
  using Part = MatchBatches::Part;
  const MatchBatches training(sets, Part::kTraining, batch_options,
                              options.seed);
  const MatchBatches held_out(sets, Part::kHeldOut, batch_options,
                              StreamSeed(options.seed, 999));
  std::fprintf(stderr, "%zu files, %d pairs; %d pairs held out\n", sets.size(),
               training.Pairs(), held_out.Pairs());
  constexpr int kCheckPairs = 160;
  const MatchBatch check = held_out.Real(kCheckPairs, 1500);

  TrainingTask task;
  task.model.notes["licence"] = options.licence;
  task.model.notes["data"] = options.data_note;
  task.model.notes["seed"] = std::to_string(options.seed);
  task.model.notes["training"] = architecture.name;
  const auto network =
      std::make_shared<TorchConsensus>(architecture.spec, architecture.norm);
  const std::string last_bias =
      StageName(architecture.spec.Stages() - 1) + ".output.bias";
  if (!options.correspondence.empty()) {
    ConsensusModel begin = ReadConsensusModel(options.correspondence);
    if (const auto bias = begin.weights.find(last_bias);
        bias != begin.weights.end()) {
      bias->second.data[0] += kPrior;
    }
    network->Import(begin);
  }
  network->to(device);
  task.network = network;
  task.export_weights = [](Model&) {};
  task.write = [&](const Model& model) {
    ConsensusModel weights;
    network->Export(weights);
    weights.weights.at(last_bias).data[0] -= kPrior;
    weights.notes = model.notes;
    WriteConsensusModel(options.output, weights);
  };
  const int columns = architecture.spec.inputs;
  Prefetch<MatchBatch> batches(
      CheckpointIteration(options),
      [&](uint64_t index) { return training.Training(index); });
  const int regression_from =
      static_cast<int>(options.regression_from * options.iterations);
  task.loss = [&](int iteration) {
    const Tensors batch(batches.Take(), columns, device);
    torch::Tensor loss = torch::zeros({}, batch.inputs.options());
    const bool regress =
        options.regression != "none" && iteration >= regression_from;
    for (const auto& stage : network->forward(batch.inputs)) {
      loss = loss + BalancedCrossEntropy(stage.logits, batch.labels);
      if (regress) {
        loss = loss + options.regression_weight *
                          RegressionLoss(options.regression, stage, batch);
      }
      if (stage.attention.empty()) continue;
      torch::Tensor attention = torch::zeros_like(loss);
      for (const torch::Tensor& logits : stage.attention) {
        attention = attention + BalancedCrossEntropy(logits, batch.labels);
      }
      loss =
          loss + 0.5 * attention / static_cast<double>(stage.attention.size());
    }
    return loss;
  };
  task.validate = [&] {
    constexpr int kChunk = 24;
    Judge first, last;
    for (int begin = 0; begin < check.pairs; begin += kChunk) {
      const int count = std::min(kChunk, check.pairs - begin);
      const size_t row = static_cast<size_t>(check.matches) * kMatchInputs;
      const torch::Tensor inputs =
          torch::from_blob(const_cast<float*>(check.inputs.data()) +
                               static_cast<size_t>(begin) * row,
                           {count, check.matches, kMatchInputs}, torch::kFloat)
              .clone()
              .to(device)
              .narrow(2, 0, columns);
      const auto stages = network->forward(inputs);
      last.Add(stages.back().logits, stages.back().essential, check, begin);
      if (stages.size() > 1) {
        first.Add(stages[0].logits, stages[0].essential, check, begin);
      }
    }
    Report report;
    last.Put("", report);
    if (architecture.spec.Stages() > 1) first.Put("_first", report);
    return report;
  };
  // The areas differ by a tenth from one look to the next.
  task.deciding = "fscore";
  task.validate_every = std::max(1, options.iterations / 20);
  task.report_every = std::max(1, options.iterations / 100);
  RunTraining(options, task);
}

}  // namespace tiepoint
