// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/consensus_model.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

constexpr char kArchitecture[] = "correspondence";

// Far above any network of ours; a damaged file must not ask for memory.
constexpr int kMaxInputs = 256;
constexpr int kMaxChannels = 4096;
constexpr int kMaxStages = 64;
constexpr int kMaxBlocks = 1024;

std::string Text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t n : shape) {
    text += (text.empty() ? "" : "x") + std::to_string(n);
  }
  return text;
}

void CheckSpec(const ConsensusSpec& spec) {
  const auto check = [](bool good, const std::string& what) {
    if (!good) throw InputError("correspondence network: " + what);
  };
  const auto within = [](int value, int low, int high) {
    return low <= value && value <= high;
  };
  check(within(spec.inputs, 4, kMaxInputs),
        "'inputs' must be 4 to " + std::to_string(kMaxInputs));
  check(within(spec.channels, 1, kMaxChannels),
        "'channels' must be 1 to " + std::to_string(kMaxChannels));
  check(!spec.blocks.empty() && spec.blocks.size() <= kMaxStages,
        "'blocks' must name 1 to " + std::to_string(kMaxStages) + " stages");
  for (const int blocks : spec.blocks) {
    check(within(blocks, 1, kMaxBlocks),
          "'blocks' of a stage must be 1 to " + std::to_string(kMaxBlocks));
  }
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::string StageName(int stage) { return "stage" + std::to_string(stage); }

std::string ConvName(int stage, int block, int conv) {
  return StageName(stage) + ".block" + std::to_string(block) + ".conv" +
         std::to_string(conv);
}

std::map<std::string, std::vector<int64_t>> ConsensusShapes(
    const ConsensusSpec& spec) {
  CheckSpec(spec);
  const int64_t channels = spec.channels;
  std::map<std::string, std::vector<int64_t>> shapes;
  for (int s = 0; s < spec.Stages(); ++s) {
    const std::string stage = StageName(s);
    shapes[stage + ".input.weight"] = {channels, spec.StageInputs(s)};
    shapes[stage + ".input.bias"] = {channels};
    for (int b = 0; b < spec.blocks[s]; ++b) {
      for (int k = 0; k < 2; ++k) {
        const std::string conv = ConvName(s, b, k);
        shapes[conv + ".weight"] = {channels, channels};
        shapes[conv + ".bias"] = {channels};
        shapes[conv + ".scale"] = {channels};
        shapes[conv + ".shift"] = {channels};
        if (!spec.attention) continue;
        shapes[conv + ".attention.weight"] = {channels};
        shapes[conv + ".attention.bias"] = {1};
      }
    }
    shapes[stage + ".output.weight"] = {channels};
    shapes[stage + ".output.bias"] = {1};
  }
  return shapes;
}

int64_t CountParameters(const ConsensusSpec& spec) {
  int64_t count = 0;
  for (const auto& [name, shape] : ConsensusShapes(spec)) {
    if (EndsWith(name, ".scale") || EndsWith(name, ".shift")) continue;
    int64_t size = 1;
    for (const int64_t n : shape) size *= n;
    count += size;
  }
  return count;
}

void CheckConsensusModel(const ConsensusModel& model) {
  const auto shapes = ConsensusShapes(model.spec);
  for (const auto& [name, shape] : shapes) {
    const auto found = model.weights.find(name);
    if (found == model.weights.end()) {
      throw InputError("correspondence network: tensor '" + name +
                       "' is missing");
    }
    const Tensor& tensor = found->second;
    if (tensor.shape != shape ||
        static_cast<int64_t>(tensor.data.size()) != tensor.Size()) {
      throw InputError("correspondence network: tensor '" + name +
                       "' has shape " + Text(tensor.shape) + ", not " +
                       Text(shape));
    }
    for (const float v : tensor.data) {
      if (std::isfinite(v)) continue;
      throw InputError("correspondence network: tensor '" + name +
                       "' holds a value that is not finite");
    }
  }
  for (const auto& [name, tensor] : model.weights) {
    if (shapes.contains(name)) continue;
    throw InputError("correspondence network: it has no tensor '" + name + "'");
  }
}

ConsensusModel ReadConsensusModel(const std::string& path) {
  SafeTensors file = ReadSafeTensors(path);
  const auto network = file.metadata.find("network");
  try {
    if (network == file.metadata.end()) {
      throw InputError("no network is described in it (not a Tiepoint model)");
    }
    ConsensusModel model;
    model.spec = ConsensusSpecFromJson(network->second);
    model.weights = std::move(file.tensors);
    file.metadata.erase(network);
    model.notes = std::move(file.metadata);
    CheckConsensusModel(model);
    return model;
  } catch (const InputError& error) {
    throw InputError("weights file '" + path + "': " + error.what());
  }
}

void WriteConsensusModel(const std::string& path, const ConsensusModel& model,
                         bool half) {
  CheckConsensusModel(model);
  SafeTensors file;
  file.tensors = model.weights;
  file.metadata = model.notes;
  file.metadata["network"] = ToJson(model.spec);
  WriteSafeTensors(path, file, half);
}

std::string ToJson(const ConsensusSpec& spec) {
  nlohmann::ordered_json json;
  json["architecture"] = kArchitecture;
  json["inputs"] = spec.inputs;
  json["channels"] = spec.channels;
  json["blocks"] = spec.blocks;
  json["attention"] = spec.attention;
  return json.dump();
}

ConsensusSpec ConsensusSpecFromJson(const std::string& text) {
  ConsensusSpec spec;
  try {
    const auto json = nlohmann::json::parse(text);
    const auto architecture = json.at("architecture").get<std::string>();
    if (architecture != kArchitecture) {
      throw InputError("it holds a network '" + architecture +
                       "', not one for correspondences");
    }
    spec.inputs = json.at("inputs").get<int>();
    spec.channels = json.at("channels").get<int>();
    spec.blocks = json.at("blocks").get<std::vector<int>>();
    spec.attention = json.at("attention").get<bool>();
  } catch (const nlohmann::json::exception& e) {
    throw InputError(std::string("bad description of a network: ") + e.what());
  }
  CheckSpec(spec);
  return spec;
}

double MultiplyAdds(const ConsensusSpec& spec) {
  const double channels = spec.channels;
  double sum = 0;
  for (int s = 0; s < spec.Stages(); ++s) {
    sum += channels * (spec.StageInputs(s) + 2 * spec.blocks[s] * channels + 1);
  }
  return sum;
}

}  // namespace tiepoint
