// SPDX-License-Identifier: Apache-2.0
#include "training/trainer.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <thread>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "training/architectures.h"

namespace tiepoint {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string CheckpointPath(const TrainOptions& options) {
  return options.output + ".checkpoint";
}

double LearningRate(const TrainOptions& options, int iteration) {
  const double progress =
      static_cast<double>(iteration) / std::max(options.iterations, 1);
  const double warm_up = std::min(1.0, (iteration + 1) / 20.0);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * progress));
  return options.learning_rate * warm_up * (0.01 + 0.99 * cosine);
}

void SaveCheckpoint(const TrainOptions& options, const TrainingTask& task,
                    torch::optim::Optimizer& optimizer, int iteration) {
  torch::serialize::OutputArchive archive;
  torch::serialize::OutputArchive network, state;
  task.network->save(network);
  optimizer.save(state);
  archive.write("network", network);
  archive.write("optimizer", state);
  archive.write("iteration", torch::tensor(iteration));
  archive.write("seed", torch::tensor(static_cast<int64_t>(options.seed)));
  const std::string path = CheckpointPath(options);
  archive.save_to(path + ".part");
  std::filesystem::rename(path + ".part", path);
}

void LoadCheckpoint(const TrainOptions& options, TrainingTask& task,
                    torch::optim::Optimizer& optimizer) {
  torch::serialize::InputArchive archive, network, state;
  archive.load_from(CheckpointPath(options));
  torch::Tensor seed;
  archive.read("seed", seed);
  if (seed.item<int64_t>() != static_cast<int64_t>(options.seed)) {
    throw InputError("checkpoint '" + CheckpointPath(options) +
                     "' was made with seed " +
                     std::to_string(seed.item<int64_t>()) +
                     "; give that seed, or remove it to start anew");
  }
  archive.read("network", network);
  archive.read("optimizer", state);
  task.network->load(network);
  optimizer.load(state);
}

std::string Text(const Report& report) {
  std::string text;
  char buffer[64];
  for (const auto& [name, value] : report) {
    std::snprintf(buffer, sizeof buffer, "  %s %.4g", name.c_str(), value);
    text += buffer;
  }
  return text;
}

void AppendJson(const TrainOptions& options, int iteration, double seconds,
                const Report& report) {
  if (options.json.empty()) return;
  std::ofstream file(options.json, std::ios::app);
  file << "{\"iteration\": " << iteration << ", \"seconds\": " << seconds;
  for (const auto& [name, value] : report) {
    file << ", \"" << name << "\": " << value;
  }
  file << "}\n";
}

Report Validate(TrainingTask& task) {
  const torch::NoGradGuard guard;
  task.network->eval();
  Report report = task.validate();
  task.network->train();
  return report;
}

std::string Compact(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

}  // namespace

std::string TrainOptions::Validate() const {
  if (data.empty()) return "--data is needed: a folder of photographs";
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

TrainingData::TrainingData(const TrainOptions& options)
    : photographs(FindPhotographs(options.data), 1024) {
  for (int i = 0; i < photographs.Size(); ++i) {
    (i % 10 == 9 ? validation : training).push_back(i);
  }
  if (validation.empty()) validation = training;
  std::fprintf(stderr, "%d photographs, %zu of them held out\n",
               photographs.Size(), validation.size());
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
  const int threads =
      options.threads > 0
          ? options.threads
          : static_cast<int>(std::thread::hardware_concurrency());
  torch::set_num_threads(threads);
  torch::manual_seed(options.seed);
  std::fprintf(stderr, "seed %llu, device %s, %d threads\n",
               static_cast<unsigned long long>(options.seed),
               ChooseDevice(options).str().c_str(), threads);
}

int CheckpointIteration(const TrainOptions& options) {
  if (!options.resume || !std::filesystem::exists(CheckpointPath(options))) {
    return 0;
  }
  torch::serialize::InputArchive archive;
  try {
    archive.load_from(CheckpointPath(options));
    torch::Tensor iteration;
    archive.read("iteration", iteration);
    return iteration.item<int>();
  } catch (const c10::Error&) {
    throw InputError("checkpoint '" + CheckpointPath(options) +
                     "' is damaged; remove it to start anew");
  }
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

void RunTraining(const TrainOptions& options, TrainingTask& task) {
  torch::optim::Adam optimizer(
      task.network->parameters(),
      torch::optim::AdamOptions(options.learning_rate));
  const int start = CheckpointIteration(options);
  if (start > 0) {
    LoadCheckpoint(options, task, optimizer);
    std::fprintf(stderr, "resumed at iteration %d\n", start);
  }
  task.network->train();
  const auto begin = Clock::now();
  auto last_checkpoint = begin;
  double loss_sum = 0;
  int loss_count = 0;
  Report validation = Validate(task);
  if (!options.quiet) {
    std::fprintf(stderr, "%d/%d%s  before\n", start, options.iterations,
                 Text(validation).c_str());
  }
  for (int i = start; i < options.iterations; ++i) {
    for (auto& group : optimizer.param_groups()) {
      group.options().set_lr(LearningRate(options, i));
    }
    optimizer.zero_grad();
    const torch::Tensor loss = task.loss(i);
    const double value = loss.item<double>();
    if (std::isfinite(value)) {  // a batch gone wrong is left out
      loss.backward();
      optimizer.step();
      loss_sum += value;
      ++loss_count;
    } else {
      std::fprintf(stderr, "iteration %d: loss not finite, batch skipped\n", i);
    }
    const int done = i + 1;
    const bool last = done == options.iterations;
    if (done % task.validate_every == 0 || last) validation = Validate(task);
    if (done % task.report_every == 0 || last) {
      const double seconds = SecondsSince(begin);
      const double left =
          seconds / (done - start) * (options.iterations - done);
      Report report = validation;
      report["loss"] = loss_sum / std::max(loss_count, 1);
      if (!options.quiet) {
        std::fprintf(stderr, "%d/%d%s  %.2f s/step, %.1f min left\n", done,
                     options.iterations, Text(report).c_str(),
                     seconds / (done - start), left / 60);
      }
      AppendJson(options, done, seconds, report);
      loss_sum = 0;
      loss_count = 0;
    }
    const bool interrupted = InterruptRequested();
    if (last || interrupted ||
        SecondsSince(last_checkpoint) > 60 * options.checkpoint_minutes) {
      SaveCheckpoint(options, task, optimizer, done);
      task.network->eval();
      task.export_weights(task.model);
      task.network->train();
      for (const auto& [name, v] : validation) {
        task.model.notes["validation_" + name] = Compact(v);
      }
      task.model.notes["iterations"] = std::to_string(done);
      WriteModel(options.output, task.model, task.half);
      last_checkpoint = Clock::now();
    }
    if (interrupted) throw Interrupted();
  }
}

}  // namespace tiepoint
