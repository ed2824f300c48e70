// SPDX-License-Identifier: Apache-2.0
#include "training/trainer.h"

#include <cstdio>
#include <thread>

#include "tiepoint/base/error.h"
#include "training/architectures.h"

namespace tiepoint {

namespace {

// Where a network learns from one kind of data.
BatchMaker TheKind(std::vector<BatchMaker> makers) {
  if (makers.size() > 1) {
    throw InputError(
        "--data names photographs and shards; only --architecture oriented "
        "learns from both together");
  }
  return std::move(makers[0]);
}

}  // namespace

std::string TrainOptions::Validate() const {
  if (data.empty()) {
    return "--data is needed: a folder of photographs or shards";
  }
  if (output.empty()) return "--output is needed: the weights file to write";
  if (iterations < 1) return "--iterations must be at least 1";
  if (batch < 8) return "--batch must be at least 8";
  if (!(learning_rate > 0)) return "--learning-rate must be positive";
  if (device != "auto" && device != "cpu" && device != "cuda") {
    return "--device must be auto, cpu or cuda";
  }
  if (descriptor_loss != "hardnet" && descriptor_loss != "hinge") {
    return "--loss must be hardnet or hinge";
  }
  if (std::min(mining, MiningNegative()) < 1 ||
      std::max(mining, MiningNegative()) > 64) {
    return "--mining must be 1 .. 64";
  }
  // The first is the constant, which no filter has.
  if (cosines < 2 || cosines > 21) return "--cosines must be 2 .. 21";
  if (!(clip >= 0)) return "--clip must be 0 (off) or a positive norm";
  if (!(support >= 0 && support <= 64)) {
    return "--support must be 0 (the architecture's) .. 64";
  }
  if (matches < 32 || matches > 65535) return "--matches must be 32 .. 65535";
  if (!(synthetic >= 0 && synthetic <= 1)) {
    return "--synthetic must be a share, 0 .. 1";
  }
  if (regression != "virtual" && regression != "essential" &&
      regression != "none") {
    return "--regression must be virtual, essential or none";
  }
  if (!(regression_weight >= 0)) {
    return "--regression-weight must not be negative";
  }
  if (!(regression_from >= 0 && regression_from <= 1)) {
    return "--regression-from must be a share, 0 .. 1";
  }
  if (stop_at < 0) return "--stop-at must be 0 (off) or a step";
  if (precision != "float" && precision != "bfloat16") {
    return "--precision must be float or bfloat16";
  }
  if (precision == "bfloat16" && kind != "descriptor" &&
      kind != "orientation") {
    return "--precision bfloat16 is for descriptor and orientation";
  }
  return "";
}

TrainingTask MakeTask(const std::string& architecture,
                      const TrainOptions& options) {
  TrainingTask task;
  task.model = MakeArchitecture(architecture);
  task.model.notes["licence"] = options.licence;
  task.model.notes["data"] = options.data_note;
  task.model.notes["seed"] = std::to_string(options.seed);
  return task;
}

Model TunedFrom(Model start, const std::string& others,
                const TrainOptions& options) {
  std::erase_if(start.notes, [](const auto& note) {
    const std::string& key = note.first;
    return key == "iterations" || key == "planned_iterations" ||
           key == "chosen_by" || key.starts_with("validation_");
  });
  start.notes["licence"] = options.licence;
  start.notes["data"] = options.data_note;
  start.notes["seed"] = std::to_string(options.seed);
  start.notes["tuned with"] = others;
  return start;
}

TrainingData::Folders TrainingData::Sort(
    const std::vector<std::string>& folders) {
  Folders sorted;
  for (const std::string& folder : folders) {
    const ShardFiles shards = FindShards({folder});
    if (shards.training.empty()) sorted.photographs.push_back(folder);
    const auto append = [](std::vector<std::string>& to,
                           const std::vector<std::string>& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(sorted.shards.training, shards.training);
    append(sorted.shards.validation, shards.validation);
  }
  return sorted;
}

TrainingData::TrainingData(const TrainOptions& options)
    : TrainingData(options, Sort(options.data)) {}

TrainingData::TrainingData(const TrainOptions& options, const Folders& folders)
    : photographs(folders.photographs.empty()
                      ? std::vector<std::string>()
                      : FindPhotographs(folders.photographs),
                  1024) {
  if (const ShardFiles& shards = folders.shards; !shards.training.empty()) {
    using Part = ShardPoints::Part;
    training_shards.emplace(shards.training, Part::kTraining, options.seed);
    if (shards.validation.empty()) {
      throw InputError("no validation.shard beside " + shards.training[0]);
    }
    validation_shards.emplace(shards.validation, Part::kValidation,
                              options.seed);
    std::fprintf(stderr, "%zu shards, %d points; %d points held out\n",
                 shards.training.size(), training_shards->Size(),
                 validation_shards->Size());
  }
  for (int i = 0; i < photographs.Size(); ++i) {
    (i % 10 == 9 ? validation : training).push_back(i);
  }
  if (validation.empty()) validation = training;
  if (photographs.Size() > 0) {
    std::fprintf(stderr, "%d photographs, %zu of them held out\n",
                 photographs.Size(), validation.size());
  }
}

std::vector<BatchMaker> TrainingData::Each(
    const std::vector<int>& of_photographs,
    const std::optional<ShardPoints>& shards, const BatchOptions& options,
    uint64_t seed) const {
  std::vector<BatchMaker> makers;
  if (photographs.Size() > 0) {
    makers.emplace_back(photographs, of_photographs, options, seed);
  }
  if (shards) makers.emplace_back(*shards, options, seed);
  return makers;
}

std::vector<BatchMaker> TrainingData::EachTraining(const BatchOptions& options,
                                                   uint64_t seed) const {
  return Each(training, training_shards, options, seed);
}

std::vector<BatchMaker> TrainingData::EachHeldOut(const BatchOptions& options,
                                                  uint64_t seed) const {
  return Each(validation, validation_shards, options, seed);
}

BatchMaker TrainingData::Training(const BatchOptions& options,
                                  uint64_t seed) const {
  return TheKind(EachTraining(options, seed));
}

BatchMaker TrainingData::HeldOut(const BatchOptions& options,
                                 uint64_t seed) const {
  return TheKind(EachHeldOut(options, seed));
}

void TrainingData::NeedPhotographs(const std::string& who) const {
  if (training_shards) {
    throw InputError(who + " learns from photographs, not from shards");
  }
}

void FreezeIfNamed(const std::string& name, const TrainOptions& options,
                   torch::nn::Module& network) {
  if (options.frozen.find(name) == std::string::npos) return;
  for (auto& p : network.parameters()) p.set_requires_grad(false);
}

torch::Device ChooseDevice(const TrainOptions& options) {
  const bool available = torch::cuda::is_available();
  if (options.device == "cuda" && !available) {
    throw InputError("--device cuda: no CUDA device, or LibTorch without CUDA");
  }
  const bool cuda = options.device != "cpu" && available;
  return torch::Device(cuda ? torch::kCUDA : torch::kCPU);
}

void PrepareTorch(const TrainOptions& options) {
  const torch::Device device = ChooseDevice(options);
  if (options.precision == "bfloat16" && !device.is_cuda()) {
    throw InputError(
        "--precision bfloat16 needs a CUDA device; a processor trains in "
        "float");
  }
  const int threads =
      options.threads > 0
          ? options.threads
          : static_cast<int>(std::thread::hardware_concurrency());
  torch::set_num_threads(threads);
  torch::manual_seed(options.seed);
  std::fprintf(stderr, "seed %llu, device %s, %d threads\n",
               static_cast<unsigned long long>(options.seed),
               device.str().c_str(), threads);
}

torch::Tensor ToDevice(const std::vector<float>& data, int channels, int height,
                       int width, torch::Device device) {
  const int64_t count =
      static_cast<int64_t>(data.size()) / (int64_t{channels} * height * width);
  return torch::from_blob(const_cast<float*>(data.data()),
                          {count, channels, height, width}, torch::kFloat)
      .clone()
      .to(device);
}

}  // namespace tiepoint
