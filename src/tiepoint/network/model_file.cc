// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/model_file.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

std::string Text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.9g", value);
  return buffer;
}

std::string Text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t n : shape) {
    text += (text.empty() ? "" : "x") + std::to_string(n);
  }
  return text;
}

void CheckTensor(const Model& model, const std::string& name,
                 const std::vector<int64_t>& shape) {
  const auto found = model.weights.find(name);
  if (found == model.weights.end()) {
    throw InputError("tensor '" + name + "' is missing");
  }
  if (found->second.shape != shape) {
    throw InputError("tensor '" + name + "' has shape " +
                     Text(found->second.shape) + ", the architecture needs " +
                     Text(shape));
  }
}

constexpr char kPixelMean[] = "input.mean";
constexpr char kPixelDeviation[] = "input.deviation";

std::vector<int64_t> InputShape(const Model& model) {
  const Shape& input = model.spec.input;
  return {input.channels, input.height, input.width};
}

// Moves the tensors of the normalisation per pixel, when the file has them, to
// their own place.
void TakePixelNormalisation(Model& model) {
  if (model.weights.count(kPixelMean) + model.weights.count(kPixelDeviation) ==
      0) {
    return;
  }
  CheckTensor(model, kPixelMean, InputShape(model));
  CheckTensor(model, kPixelDeviation, InputShape(model));
  model.pixel_mean = std::move(model.weights.at(kPixelMean).data);
  model.pixel_deviation = std::move(model.weights.at(kPixelDeviation).data);
  model.weights.erase(kPixelMean);
  model.weights.erase(kPixelDeviation);
  for (const float deviation : model.pixel_deviation) {
    if (deviation > 0) continue;
    throw InputError("the deviation of every pixel must be positive");
  }
}

}  // namespace

double Model::Number(const std::string& note, double fallback) const {
  const auto found = notes.find(note);
  if (found == notes.end()) return fallback;
  const std::string& text = found->second;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() ||
      !std::isfinite(value)) {
    throw InputError("weights of '" + spec.architecture + "': note '" + note +
                     "' is not a number: " + text);
  }
  return value;
}

std::vector<int64_t> WeightShape(const LayerSpec& layer, const Shape& input) {
  if (layer.type == LayerSpec::Type::kLinear) return {layer.out, input.Size()};
  return {layer.out, input.channels, layer.kernel, layer.kernel};
}

void CheckWeights(const Model& model) {
  const auto shapes = Shapes(model.spec, model.spec.input);
  for (size_t i = 0; i < model.spec.layers.size(); ++i) {
    const LayerSpec& layer = model.spec.layers[i];
    if (!layer.HasWeights()) continue;
    CheckTensor(model, layer.name + ".weight", WeightShape(layer, shapes[i]));
    CheckTensor(model, layer.name + ".bias", {layer.out});
  }
}

std::map<std::string, std::string> NotesOf(const Model& model) {
  std::map<std::string, std::string> notes = model.notes;
  notes["mean"] = Text(model.mean);
  notes["deviation"] = Text(model.deviation);
  notes["per_patch"] = model.per_patch ? "1" : "0";
  return notes;
}

void TakeNotes(std::map<std::string, std::string> notes, Model& model) {
  model.notes = std::move(notes);
  model.mean = model.Number("mean", 0);
  model.deviation = model.Number("deviation", 1);
  model.per_patch = model.Number("per_patch", 0) != 0;
  if (!(model.deviation > 0)) throw InputError("deviation must be positive");
}

Model ReadModel(const std::string& path) {
  SafeTensors file = ReadSafeTensors(path);
  const auto network = file.metadata.find("network");
  try {
    if (network == file.metadata.end()) {
      throw InputError("no network is described in it (not a Tiepoint model)");
    }
    Model model;
    model.spec = NetworkSpecFromJson(network->second);
    model.weights = std::move(file.tensors);
    file.metadata.erase(network);
    TakeNotes(std::move(file.metadata), model);
    TakePixelNormalisation(model);
    CheckWeights(model);
    return model;
  } catch (const InputError& error) {
    throw InputError("weights file '" + path + "': " + error.what());
  }
}

std::string ArchitectureInFile(const std::string& path) {
  try {
    const SafeTensors file = ReadSafeTensors(path);
    const auto network = file.metadata.find("network");
    if (network == file.metadata.end()) return "";
    const auto json = nlohmann::json::parse(network->second, nullptr, false);
    return json.is_object() ? json.value("architecture", "") : "";
  } catch (const InputError&) {
    return "";
  }
}

void WriteModel(const std::string& path, const Model& model, bool half) {
  SafeTensors file;
  file.tensors = model.weights;
  if (!model.pixel_mean.empty()) {
    file.tensors[kPixelMean] = {InputShape(model), model.pixel_mean};
    file.tensors[kPixelDeviation] = {InputShape(model), model.pixel_deviation};
  }
  file.metadata = NotesOf(model);
  file.metadata["network"] = ToJson(model.spec);
  WriteSafeTensors(path, file, half);
}

namespace {

// In eight sums side by side, which a processor can keep apart.
template <typename F>
double Sum(const float* values, int count, const F& f) {
  double sums[8] = {};
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int k = 0; k < 8; ++k) sums[k] += f(values[i + k]);
  }
  for (; i < count; ++i) sums[0] += f(values[i]);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
         ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace

void NormalizeInput(const Model& model, float* patch, int size) {
  if (!model.pixel_mean.empty()) {
    if (model.pixel_mean.size() != static_cast<size_t>(size) ||
        model.pixel_deviation.size() != static_cast<size_t>(size)) {
      throw InputError("network '" + model.spec.architecture +
                       "' normalises each pixel of its own input size");
    }
    for (int i = 0; i < size; ++i) {
      patch[i] = (patch[i] - model.pixel_mean[i]) / model.pixel_deviation[i];
    }
    return;
  }
  if (!model.per_patch) {
    const float mean = static_cast<float>(model.mean);
    const float scale = static_cast<float>(1 / model.deviation);
    for (int i = 0; i < size; ++i) patch[i] = (patch[i] - mean) * scale;
    return;
  }
  const double mean =
      Sum(patch, size, [](float v) { return double{v}; }) / size;
  const double square =
      Sum(patch, size, [mean](float v) { return (v - mean) * (v - mean); });
  const double deviation = std::sqrt(square / size);
  // Below half a gray level there is nothing to see but quantisation.
  const double scale = deviation > 0.5 ? 1 / deviation : 0;
  for (int i = 0; i < size; ++i) {
    patch[i] = static_cast<float>((patch[i] - mean) * scale);
  }
}

}  // namespace tiepoint
