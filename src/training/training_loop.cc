// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numbers>
#include <stdexcept>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "training/checkpoint.h"
#include "training/train_config.h"

namespace tiepoint {
namespace {

using Clock = std::chrono::steady_clock;

// So many batches without a finite loss are no accident.
constexpr int kMaxSkipped = 10;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Depends on the step and the planned number of steps only, not on where the
// training was interrupted.
double LearningRate(const TrainOptions& options, int iteration) {
  const double progress =
      static_cast<double>(iteration) / std::max(options.iterations, 1);
  const double warm_up = std::min(1.0, (iteration + 1) / 20.0);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * progress));
  return options.learning_rate * warm_up * (0.01 + 0.99 * cosine);
}

std::string Compact(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

std::string Text(const Report& report) {
  std::string text;
  for (const auto& [name, value] : report) {
    text += "  " + name + " " + Compact(value);
  }
  return text;
}

void AppendJson(const std::string& path, int iteration, double seconds,
                const Report& report) {
  if (path.empty()) return;
  nlohmann::ordered_json line = {{"iteration", iteration},
                                 {"seconds", seconds}};
  line.update(nlohmann::ordered_json(report));
  std::ofstream file(path, std::ios::app);
  file << line.dump() << "\n";
  if (!file.flush()) throw InputError("--json " + path + ": cannot be written");
}

std::vector<torch::Tensor> Copies(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> copies;
  for (const torch::Tensor& t : tensors) copies.push_back(t.clone());
  return copies;
}

class TrainingLoop {
 public:
  TrainingLoop(const TrainOptions& options, TrainingTask& task)
      : options_(options),
        task_(task),
        optimizer_(task.network->parameters(),
                   torch::optim::AdamOptions(options.learning_rate)) {}

  void Run() {
    Begin();
    const int end = options_.stop_at > 0
                        ? std::min(options_.stop_at, options_.iterations)
                        : options_.iterations;
    while (state_.iteration < end && !InterruptRequested()) {
      Learn();
      const bool last = state_.iteration == options_.iterations;
      if (state_.iteration % task_.validate_every == 0 || last) Judge();
      if (state_.iteration % task_.report_every == 0 || last) Show();
      const double minutes = SecondsSince(last_checkpoint_) / 60;
      // Within a row of bad batches the last good state is left in place.
      if (minutes > options_.checkpoint_minutes && state_.skipped == 0) Save();
    }
    if (state_.iteration > start_) Save();
    if (state_.best_iteration == 0) Keep({});
    WritePage(state_.iteration < options_.iterations
                  ? TrainingProgress::kStopped
                  : TrainingProgress::kFinished);
    if (state_.iteration < end) throw Interrupted();
    if (end < options_.iterations) {
      std::fprintf(stderr, "stopped at iteration %d of %d\n", state_.iteration,
                   options_.iterations);
    }
  }

 private:
  void Begin() {
    if (CheckpointIteration(options_) > 0) {
      state_ = LoadCheckpoint(options_, *task_.network, optimizer_);
      std::fprintf(stderr, "resumed at iteration %d\n", state_.iteration);
      // The best weights are there alone.
      if (!std::filesystem::exists(options_.output)) state_.best_iteration = 0;
    }
    start_ = state_.iteration;
    if (start_ >= options_.iterations) {
      std::fprintf(stderr, "all %d iterations are done already\n",
                   options_.iterations);
    }
    begin_ = last_checkpoint_ = Clock::now();
    validation_ = Validate();
    if (!validation_.contains(task_.deciding)) {
      throw std::logic_error("no validation value '" + task_.deciding + "'");
    }
    if (!options_.quiet) {
      std::fprintf(stderr, "%d/%d%s  before\n", start_, options_.iterations,
                   Text(validation_).c_str());
    }
    WritePage(TrainingProgress::kRunning);
  }

  // One step. A batch whose loss or gradients are not finite is left out: the
  // network, with its running means, stays as it was.
  void Learn() {
    const int i = state_.iteration++;
    for (auto& group : optimizer_.param_groups()) {
      group.options().set_lr(LearningRate(options_, i));
    }
    torch::manual_seed(StreamSeed(options_.seed, static_cast<uint64_t>(i)));
    const std::vector<torch::Tensor> buffers = Copies(task_.network->buffers());
    optimizer_.zero_grad();
    const torch::Tensor loss = task_.loss(i);
    const double value = loss.item<double>();
    if (std::isfinite(value) && Differentiate(loss)) {
      optimizer_.step();
      state_.loss_sum += value;
      ++state_.loss_count;
      state_.skipped = 0;
      return;
    }
    const torch::NoGradGuard guard;
    const std::vector<torch::Tensor> now = task_.network->buffers();
    for (size_t k = 0; k < now.size(); ++k) now[k].copy_(buffers[k]);
    Skip(std::isfinite(value) ? "gradients" : "loss");
  }

  // Whether the gradients are finite; cut to options.clip.
  bool Differentiate(const torch::Tensor& loss) {
    loss.backward();
    const double norm = torch::nn::utils::clip_grad_norm_(
        task_.network->parameters(),
        options_.clip > 0 ? options_.clip
                          : std::numeric_limits<double>::infinity());
    return std::isfinite(norm);
  }

  void Skip(const std::string& what) {
    ++state_.skipped;
    std::fprintf(stderr, "iteration %d: %s not finite, batch left out\n",
                 state_.iteration - 1, what.c_str());
    if (state_.skipped < kMaxSkipped) return;
    throw InputError(std::to_string(kMaxSkipped) +
                     " batches in a row without finite " + what +
                     ", up to iteration " + std::to_string(state_.iteration) +
                     "; the checkpoint is of before. Try a smaller "
                     "--learning-rate or --clip 1, with --no-resume");
  }

  Report Validate() {
    const torch::NoGradGuard guard;
    task_.network->eval();
    Report report = task_.validate();
    task_.network->train();
    return report;
  }

  // Validates; the weights are kept when they are the best so far.
  void Judge() {
    validation_ = Validate();
    validated_at_ = state_.iteration;
    const double value = validation_.at(task_.deciding);
    if (!std::isfinite(value)) return;
    const bool better = task_.smaller_is_better ? value < state_.best_value
                                                : value > state_.best_value;
    if (state_.best_iteration > 0 && !better) return;
    state_.best_iteration = state_.iteration;
    state_.best_value = value;
    Keep(validation_);
  }

  // Writes the weights as they are now, with what they were measured at.
  void Keep(const Report& validation) {
    const torch::NoGradGuard guard;
    task_.network->eval();
    task_.export_weights(task_.model);
    task_.network->train();
    auto& notes = task_.model.notes;
    notes["iterations"] = std::to_string(state_.iteration);
    notes["planned_iterations"] = std::to_string(options_.iterations);
    notes["chosen_by"] = "none: not validated yet";
    if (!validation.empty()) {
      notes["chosen_by"] =
          (task_.smaller_is_better ? "smallest " : "largest ") +
          task_.deciding + ", " + Compact(validation.at(task_.deciding));
    }
    for (const auto& [name, value] : validation) {
      notes["validation_" + name] = Compact(value);
    }
    if (task_.write) {
      task_.write(task_.model);
    } else {
      WriteModel(options_.output, task_.model, task_.half);
    }
  }

  void Show() {
    const int done = state_.iteration;
    const double seconds = SecondsSince(begin_);
    const double step = seconds / (done - start_);
    const double left = step * (options_.iterations - done);
    const double loss = state_.loss_sum / std::max(state_.loss_count, 1);
    state_.loss_sum = state_.loss_count = 0;
    Report report = validation_;
    report["loss"] = loss;
    if (!options_.quiet) {
      std::fprintf(stderr, "%d/%d%s  %.2f s/step, %.1f min left\n", done,
                   options_.iterations, Text(report).c_str(), step, left / 60);
    }
    AppendJson(options_.json, done, seconds, report);
    if (validated_at_ != done) report = {{"loss", loss}};
    state_.history.push_back({done, report});
    WritePage(TrainingProgress::kRunning);
  }

  void WritePage(TrainingProgress::State state) const {
    if (options_.html.empty()) return;
    TrainingProgress progress;
    progress.state = state;
    progress.iteration = state_.iteration;
    progress.config = TrainConfig(options_);
    progress.device = ChooseDevice(options_).str();
    if (state_.iteration > start_) {
      progress.seconds_a_step =
          SecondsSince(begin_) / (state_.iteration - start_);
    }
    progress.deciding = task_.deciding;
    progress.smaller_is_better = task_.smaller_is_better;
    progress.best_iteration = state_.best_iteration;
    progress.best_value = state_.best_value;
    progress.history = state_.history;
    WriteFileAtomically(options_.html, CurvePage(progress));
  }

  void Save() {
    SaveCheckpoint(options_, *task_.network, optimizer_, state_);
    last_checkpoint_ = Clock::now();
  }

  const TrainOptions& options_;
  TrainingTask& task_;
  torch::optim::Adam optimizer_;
  TrainingState state_;
  Report validation_;      // the latest
  int validated_at_ = -1;  // its step
  int start_ = 0;
  Clock::time_point begin_, last_checkpoint_;
};

}  // namespace

void RunTraining(const TrainOptions& options, TrainingTask& task) {
  TrainingLoop(options, task).Run();
}

}  // namespace tiepoint
