// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/tilde_filters.h"

#include <algorithm>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/features/grad_luv.h"
#include "tiepoint/network/filter_bank.h"

namespace tiepoint {

std::string TildeFilters::Validate() const {
  if (!(resize_ratio > 0 && resize_ratio <= 16)) {
    return "the resize ratio must be above 0 and at most 16";
  }
  if (sums < 1 || sums > 64 || maxes < 1 || maxes > 64) {
    return "there must be 1 to 64 groups of 1 to 64 filters";
  }
  if (channels != 1 && channels != kGradLuvChannels) {
    return "there must be 1 or 6 channels";
  }
  if (size < 1 || size % 2 == 0 || size > FilterBank::kMaxKernel) {
    return "the size of filters must be odd and at most " +
           std::to_string(FilterBank::kMaxKernel);
  }
  const size_t count = static_cast<size_t>(sums) * maxes;
  if (bias.size() != count ||
      filters.size() != count * channels * size * size) {
    return "the number of weights is wrong";
  }
  const auto finite = [](double v) { return std::isfinite(v); };
  if (!std::all_of(filters.begin(), filters.end(), finite) ||
      !std::all_of(bias.begin(), bias.end(), finite)) {
    return "a weight is not finite";
  }
  return "";
}

TildeFilters TildeFiltersOf(const Model& model) {
  const std::vector<LayerSpec>& layers = model.spec.layers;
  if (layers.size() != 2 || layers[0].type != LayerSpec::Type::kConv ||
      layers[1].type != LayerSpec::Type::kGhh || layers[1].sums % 2 != 0 ||
      layers[0].out != layers[1].sums * layers[1].maxes) {
    throw InputError("'" + model.spec.architecture +
                     "' is not a model of TILDE: a filter bank and hinges");
  }
  TildeFilters tilde;
  tilde.sums = layers[1].sums;
  tilde.maxes = layers[1].maxes;
  tilde.channels = model.spec.input.channels;
  tilde.size = layers[0].kernel;
  const std::vector<float>& weight =
      model.weights.at(layers[0].name + ".weight").data;
  const std::vector<float>& bias =
      model.weights.at(layers[0].name + ".bias").data;
  const size_t group = weight.size() / tilde.sums;
  for (int n = 0; n < tilde.sums; ++n) {
    const int from = n ^ 1;  // + and - swapped
    const auto w = weight.begin() + static_cast<int64_t>(from * group);
    tilde.filters.insert(tilde.filters.end(), w,
                         w + static_cast<int64_t>(group));
    const auto b = bias.begin() + from * tilde.maxes;
    tilde.bias.insert(tilde.bias.end(), b, b + tilde.maxes);
  }
  return tilde;
}

}  // namespace tiepoint
