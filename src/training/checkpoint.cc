// SPDX-License-Identifier: Apache-2.0
#include "training/checkpoint.h"

#include <cmath>
#include <filesystem>

#include "tiepoint/base/error.h"
#include "training/train_config.h"

namespace tiepoint {
namespace {

using Json = nlohmann::ordered_json;

std::string CheckpointPath(const TrainOptions& options) {
  return options.output + ".checkpoint";
}

InputError Damaged(const TrainOptions& options) {
  return InputError("checkpoint '" + CheckpointPath(options) +
                    "' is damaged or of another version; --no-resume starts "
                    "anew");
}

// JSON has no "not a number": it is written as null.
double NumberOf(const Json& json) {
  return json.is_null() ? std::nan("") : json.get<double>();
}

Json ToJson(const TrainingState& state) {
  Json history = Json::array();
  for (const CurvePoint& point : state.history) {
    history.push_back(
        {{"iteration", point.iteration}, {"values", point.values}});
  }
  return {{"iteration", state.iteration},
          {"skipped", state.skipped},
          {"loss_sum", state.loss_sum},
          {"loss_count", state.loss_count},
          {"best_iteration", state.best_iteration},
          {"best_value", state.best_value},
          {"history", history}};
}

TrainingState FromJson(const Json& json) {
  TrainingState state;
  state.iteration = json.at("iteration");
  state.skipped = json.at("skipped");
  state.loss_sum = json.at("loss_sum");
  state.loss_count = json.at("loss_count");
  state.best_iteration = json.at("best_iteration");
  state.best_value = json.at("best_value");
  for (const Json& entry : json.at("history")) {
    CurvePoint point{entry.at("iteration"), {}};
    for (const auto& [name, value] : entry.at("values").items()) {
      point.values[name] = NumberOf(value);
    }
    state.history.push_back(std::move(point));
  }
  return state;
}

void CheckOptions(const TrainOptions& options, const Json& made_with) {
  const Json wanted = DecidingConfig(options);
  for (const auto& [name, value] : wanted.items()) {
    const Json was = made_with.value(name, Json());
    if (was == value) continue;
    throw InputError("checkpoint '" + CheckpointPath(options) +
                     "' was made with " + name + " " + was.dump() + ", not " +
                     value.dump() + "; --no-resume starts anew");
  }
}

// The text beside the tensors: {"state": ..., "made_with": ...}.
Json ReadText(torch::serialize::InputArchive& archive) {
  c10::IValue text;
  archive.read("training", text);
  return Json::parse(text.toStringRef());
}

// Runs `read` on the opened file, its tensors on `device` wherever they were
// written; whatever it dislikes is a damaged file.
void ReadArchive(
    const TrainOptions& options, torch::Device device,
    const std::function<void(torch::serialize::InputArchive&)>& read) {
  try {
    torch::serialize::InputArchive archive;
    archive.load_from(CheckpointPath(options), device);
    read(archive);
  } catch (const InputError&) {
    throw;
  } catch (const std::exception&) {  // c10::Error, of JSON, of files
    throw Damaged(options);
  }
}

}  // namespace

void SaveCheckpoint(const TrainOptions& options,
                    const torch::nn::Module& network,
                    const torch::optim::Optimizer& optimizer,
                    const TrainingState& state) {
  torch::serialize::OutputArchive archive, weights, moments;
  network.save(weights);
  optimizer.save(moments);
  archive.write("network", weights);
  archive.write("optimizer", moments);
  const Json text = {{"state", ToJson(state)},
                     {"made_with", DecidingConfig(options)}};
  archive.write("training", c10::IValue(text.dump()));
  const std::string path = CheckpointPath(options);
  try {
    archive.save_to(path + ".part");
    std::filesystem::rename(path + ".part", path);
  } catch (const std::exception&) {
    throw InputError(path + ": cannot be written");
  }
}

TrainingState LoadCheckpoint(const TrainOptions& options,
                             torch::nn::Module& network,
                             torch::optim::Optimizer& optimizer) {
  TrainingState state;
  const torch::Device device = network.parameters().at(0).device();
  ReadArchive(options, device, [&](torch::serialize::InputArchive& archive) {
    const Json text = ReadText(archive);
    CheckOptions(options, text.at("made_with"));
    state = FromJson(text.at("state"));
    torch::serialize::InputArchive weights, moments;
    archive.read("network", weights);
    archive.read("optimizer", moments);
    network.load(weights);
    optimizer.load(moments);
  });
  return state;
}

int CheckpointIteration(const TrainOptions& options) {
  if (!options.resume || !std::filesystem::exists(CheckpointPath(options))) {
    return 0;
  }
  int iteration = 0;
  const auto read = [&](torch::serialize::InputArchive& archive) {
    iteration = ReadText(archive).at("state").at("iteration");
  };
  ReadArchive(options, torch::kCPU, read);
  return iteration;
}

}  // namespace tiepoint
