// SPDX-License-Identifier: Apache-2.0
// The loop that all trainings share, on a network of one number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/error.h"
#include "training/architectures.h"
#include "training/checkpoint.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// w, and a buffer that remembers the largest step seen, as running means do.
struct OneNumber : torch::nn::Module {
  OneNumber()
      : w(register_parameter("w", torch::zeros({1}))),
        seen(register_buffer("seen", torch::zeros({1}))) {}
  torch::Tensor w, seen;
};

class TrainingLoopTest : public ::testing::Test {
 protected:
  TrainingLoopTest() {
    options.output = folder_ / "w.safetensors";
    options.iterations = 6;
    options.learning_rate = 1;
    options.quiet = true;
    fs::create_directories(folder_);
    task.network = network;
    task.model = MakeArchitecture("lift-detector");
    task.model.weights["conv.weight"].shape = {16, 1, 25, 25};
    task.model.weights["conv.weight"].data.resize(16 * 25 * 25);
    task.model.weights["conv.bias"].shape = {16};
    task.export_weights = [this](Model& model) {
      model.weights["conv.bias"].data.assign(16, network->w.item<float>());
    };
    task.loss = [this](int i) {
      network->seen.fill_(i);
      return (network->w - 100).abs().sum();
    };
    task.validate = [this] {
      return Report{{"w", network->w.item<double>()}, {"other", 1.0}};
    };
    task.deciding = "w";
  }
  ~TrainingLoopTest() override { fs::remove_all(folder_); }

  std::string Failure() {
    try {
      RunTraining(options, task);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  Model Kept() const { return ReadModel(options.output); }
  static float W(const Model& model) {
    return model.weights.at("conv.bias").data[0];
  }

  const fs::path folder_ =
      fs::temp_directory_path() /
      ("tiepoint_training_loop_" + std::to_string(getpid()));
  const std::shared_ptr<OneNumber> network = std::make_shared<OneNumber>();
  TrainOptions options;
  TrainingTask task;
};

// Validation after the steps 2, 4, 6 (and before).
TEST_F(TrainingLoopTest, TheBestWeightsAreKept) {
  for (const bool smaller : {false, true}) {
    options.resume = false;
    task.smaller_is_better = smaller;
    task.validate_every = 2;
    const double sign = smaller ? -1 : 1;
    std::vector<double> values = {9, 1, 3, 2}, w;
    task.validate = [&, k = size_t{0}]() mutable {
      w.push_back(network->w.item<double>());
      return Report{{"w", sign * values[k++]}};
    };
    RunTraining(options, task);
    ASSERT_EQ(w.size(), 4u);
    EXPECT_NE(w[2], w[3]);
    EXPECT_EQ(W(Kept()), static_cast<float>(w[2]));
    EXPECT_EQ(Kept().notes["iterations"], "4");
    EXPECT_EQ(Kept().notes["planned_iterations"], "6");
    EXPECT_EQ(Kept().notes["validation_w"], smaller ? "-3" : "3");
    EXPECT_EQ(Kept().notes["chosen_by"],
              smaller ? "smallest w, -3" : "largest w, 3");
    EXPECT_EQ(CheckpointIteration(options), 0) << "not to be resumed";
    options.resume = true;
    EXPECT_EQ(CheckpointIteration(options), 6) << "the last state";
  }
}

TEST_F(TrainingLoopTest, TheBestIsRememberedAcrossRuns) {
  task.validate_every = 1;
  task.smaller_is_better = true;  // w grows: the first step is the best
  options.stop_at = 2;
  RunTraining(options, task);
  const Model first = Kept();
  EXPECT_EQ(first.notes.at("iterations"), "1");
  options.stop_at = 0;
  RunTraining(options, task);
  EXPECT_EQ(Kept().notes, first.notes);
  EXPECT_EQ(W(Kept()), W(first));
}

TEST_F(TrainingLoopTest, TenBadBatchesInARowEndIt) {
  options.iterations = 40;
  options.checkpoint_minutes = 0;
  task.validate_every = 1;
  const auto good = task.loss;
  // Nine bad batches are passed over, and then ten are not.
  task.loss = [&](int i) {
    const torch::Tensor loss = good(i);
    return (i >= 3 && i < 12) || i >= 15 ? loss * NAN : loss;
  };
  const std::string failure = Failure();
  EXPECT_THAT(failure, HasSubstr("10 batches in a row"));
  EXPECT_THAT(failure, HasSubstr("iteration 25"));
  EXPECT_THAT(failure, ::testing::Not(HasSubstr("\n")));
  EXPECT_EQ(CheckpointIteration(options), 15) << "the last good state";
  EXPECT_EQ(network->seen.item<float>(), 14) << "buffers are put back";
  EXPECT_EQ(W(Kept()), network->w.item<float>());
}

TEST_F(TrainingLoopTest, GradientsThatAreNotFiniteChangeNothing) {
  task.loss = [&](int i) {
    network->seen.fill_(i);
    // 0, with an infinite derivative in the third and fourth step.
    return i == 2 || i == 3
               ? torch::sqrt(network->w - network->w.detach()).sum()
               : (network->w - 100).abs().sum();
  };
  std::vector<double> w;
  task.validate_every = 1;
  task.validate = [&] {
    w.push_back(network->w.item<double>());
    return Report{{"w", w.back()}};
  };
  EXPECT_EQ(Failure(), "");
  ASSERT_EQ(w.size(), 7u);
  EXPECT_NE(w[1], w[2]);
  EXPECT_EQ(w[2], w[3]);
  EXPECT_EQ(w[2], w[4]);
  EXPECT_NE(w[4], w[5]);
}

TEST_F(TrainingLoopTest, ThePageShowsTheStepsOfAllRuns) {
  options.html = folder_ / "curves.html";
  options.stop_at = 4;
  task.report_every = task.validate_every = 2;
  const auto page = [&] {
    std::ifstream file(options.html);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  RunTraining(options, task);
  EXPECT_THAT(page(), HasSubstr("4 of 6"));
  EXPECT_THAT(page(), HasSubstr("goes on"));
  options.stop_at = 0;
  RunTraining(options, task);
  EXPECT_THAT(page(), HasSubstr("finished"));
  for (const char* step : {"<title>loss: 2,", "<title>w: 4,", "<title>w: 6,",
                           "<title>other: 6, 1"}) {
    EXPECT_THAT(page(), HasSubstr(step));
  }
  options.html = folder_ / "missing" / "curves.html";
  EXPECT_THAT(Failure(), HasSubstr("missing"));
}

TEST_F(TrainingLoopTest, GradientsAreCut) {
  task.loss = [&](int) { return 50 * network->w.sum(); };
  for (const double clip : {0.0, 2.0}) {
    options.clip = clip;
    options.resume = false;
    RunTraining(options, task);
    EXPECT_NEAR(network->w.grad().item<double>(), clip > 0 ? clip : 50, 1e-4);
  }
}

TEST_F(TrainingLoopTest, ForeignOrDamagedCheckpointsAreRefused) {
  options.stop_at = 3;
  RunTraining(options, task);
  options.batch = 9;
  EXPECT_THAT(Failure(), HasSubstr("batch 512"));
  options.batch = 512;
  options.seed = 2;
  EXPECT_THAT(Failure(), HasSubstr("seed 1"));
  options.seed = 1;
  const std::string path = options.output + ".checkpoint";
  fs::resize_file(path, fs::file_size(path) / 2);
  EXPECT_THAT(Failure(), HasSubstr("damaged"));
  options.resume = false;
  EXPECT_EQ(Failure(), "");
  options.output = folder_ / "missing" / "w.safetensors";
  EXPECT_THAT(Failure(), HasSubstr("missing"));
}

TEST_F(TrainingLoopTest, StoppedBeforeTheFirstValidationItStillWritesWeights) {
  options.stop_at = 3;
  RunTraining(options, task);
  EXPECT_EQ(Kept().notes["iterations"], "3");
  EXPECT_THAT(Kept().notes["chosen_by"], HasSubstr("not validated"));
  EXPECT_EQ(Kept().notes.count("validation_w"), 0u);
  options.stop_at = 0;
  RunTraining(options, task);
  EXPECT_THAT(Kept().notes["chosen_by"], HasSubstr("largest w"));
}

}  // namespace
}  // namespace tiepoint
