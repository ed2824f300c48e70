// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/int8_calibration.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tiepoint/base/error.h"
#include "tiepoint/network/inference_network.h"

namespace tiepoint {
namespace {

// What `layer` of the network reads: all numbers but zeros.
std::vector<float> InputsOf(const Model& model, size_t layer,
                            const std::vector<std::vector<float>>& inputs) {
  std::vector<float> all;
  const auto add = [&](const std::vector<float>& values) {
    std::copy_if(values.begin(), values.end(), std::back_inserter(all),
                 [](float v) { return v != 0; });
  };
  if (layer == 0) {
    for (const auto& input : inputs) add(input);
    return all;
  }
  Model before = model;
  before.spec.layers.resize(layer);
  const InferenceNetwork network(before, InferenceNetwork::Precision::kFloat);
  std::vector<float> output(OutputShape(before.spec).Size());
  for (const auto& input : inputs) {
    network.Run(input.data(), 1, output.data());
    add(output);
  }
  return all;
}

}  // namespace

std::map<std::string, std::string> MeasureInt8Ranges(
    const Model& model, const std::vector<std::vector<float>>& inputs,
    double quantile) {
  if (inputs.empty()) throw InputError("nothing to measure ranges on");
  std::map<std::string, std::string> notes;
  const auto shapes = Shapes(model.spec, model.spec.input);
  for (size_t i = 0; i < model.spec.layers.size(); ++i) {
    const LayerSpec& layer = model.spec.layers[i];
    if (!layer.HasWeights() || shapes[i].channels == 1) continue;
    std::vector<float> values = InputsOf(model, i, inputs);
    if (values.empty()) continue;
    const bool negative = std::any_of(values.begin(), values.end(),
                                      [](float v) { return v < 0; });
    for (float& v : values) v = std::abs(v);
    const auto place =
        values.begin() + static_cast<ptrdiff_t>(
                             quantile * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    char text[32];
    std::snprintf(text, sizeof text, "%s%.5g", negative ? "-" : "",
                  static_cast<double>(*place));
    notes[Int8RangeNote(layer.name)] = text;
  }
  return notes;
}

}  // namespace tiepoint
