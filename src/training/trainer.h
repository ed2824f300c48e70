// SPDX-License-Identifier: Apache-2.0
// What all trainings share: the loop, checkpoints, reports.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "training/patch_batches.h"
#include "training/torch_network.h"
#include "training/train.h"

namespace tiepoint {

using Report = std::map<std::string, double>;  // name -> value

struct TrainingTask {
  std::shared_ptr<torch::nn::Module> network;  // its parameters are trained
  Model model;  // spec, normalisation, notes; `export_weights` fills the rest
  std::function<void(Model&)> export_weights;
  // How the model is written to options.output; empty: WriteModel.
  std::function<void(const Model&)> write;
  // The loss of step `iteration`. Batches come in order from 0.
  std::function<torch::Tensor(int iteration)> loss;
  // Measured on held-out photographs, network in evaluation mode.
  std::function<Report()> validate;
  // The value of `validate` that decides which step's weights are kept.
  std::string deciding;
  bool smaller_is_better = false;
  int report_every = 20;
  int validate_every = 100;
  bool half = false;  // store float16
};

// A task around an untrained model of that architecture (architectures.h), its
// notes filled from the options.
TrainingTask MakeTask(const std::string& architecture,
                      const TrainOptions& options);

// Weights that are tuned further together with `others`: notes of how they were
// trained before are dropped.
Model TunedFrom(Model start, const std::string& others,
                const TrainOptions& options);

// What --data names: shards in the folders that hold some, photographs in the
// others, one in ten of these held out for validation.
struct TrainingData {
  explicit TrainingData(const TrainOptions& options);
  // Batches of what is learned from and of what is held out, where it is all
  // photographs or all shards (InputError); `this` outlives them.
  BatchMaker Training(const BatchOptions& options, uint64_t seed) const;
  BatchMaker HeldOut(const BatchOptions& options, uint64_t seed) const;
  // The same, one of each kind that there is: photographs first.
  std::vector<BatchMaker> EachTraining(const BatchOptions& options,
                                       uint64_t seed) const;
  std::vector<BatchMaker> EachHeldOut(const BatchOptions& options,
                                      uint64_t seed) const;
  // Throws InputError when there are shards.
  void NeedPhotographs(const std::string& who) const;

  PhotographStore photographs;            // empty: there are shards alone
  std::vector<int> training, validation;  // of the photographs
  std::optional<ShardPoints> training_shards, validation_shards;

 private:
  struct Folders {
    ShardFiles shards;
    std::vector<std::string> photographs;
  };
  static Folders Sort(const std::vector<std::string>& folders);
  std::vector<BatchMaker> Each(const std::vector<int>& of_photographs,
                               const std::optional<ShardPoints>& shards,
                               const BatchOptions& options,
                               uint64_t seed) const;
  TrainingData(const TrainOptions& options, const Folders& folders);
};

// TrainDescriptor with options.orientation (oriented_trainer.cc).
void TrainOrientedDescriptor(const TrainOptions& options);

// TrainDescriptor with an oriented architecture
// (oriented_network_trainer.cc).
void TrainOrientedNetwork(const TrainOptions& options);

// Leaves the network as it is when options.frozen names it.
void FreezeIfNamed(const std::string& name, const TrainOptions& options,
                   torch::nn::Module& network);

torch::Device ChooseDevice(const TrainOptions& options);
// Sets threads and seeds of torch and says which device, BLAS and seed.
void PrepareTorch(const TrainOptions& options);
// Iterations already done according to the checkpoint (0: none).
int CheckpointIteration(const TrainOptions& options);

// The loop (training_loop.cc); see train.h for what it promises. Random numbers
// that task.loss takes from torch's generator depend on seed and step alone.
void RunTraining(const TrainOptions& options, TrainingTask& task);

// N values of `data` as N / (c h w) x c x h x w on the device.
torch::Tensor ToDevice(const std::vector<float>& data, int channels, int height,
                       int width, torch::Device device);

}  // namespace tiepoint
