// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/layer_precision.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "tiepoint/network/number_types.h"
#include "tiepoint/network/one_dnn.h"
#include "tiepoint/network/one_dnn_layers.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;
using Precision = InferenceNetwork::Precision;

// What one number of a layer's input stands for in bytes, from the range that
// was measured; nothing when it was not.
struct ByteRange {
  NumberType type;
  float step;
};
std::optional<ByteRange> ByteRangeOf(const Model& model,
                                     const LayerSpec& layer) {
  const double range = model.Number(Int8RangeNote(layer.name), 0);
  if (range == 0 || !std::isfinite(range)) return std::nullopt;
  if (range > 0) {
    return ByteRange{NumberType::kByte, static_cast<float>(range / 255)};
  }
  return ByteRange{NumberType::kSignedByte, static_cast<float>(-range / 127)};
}

}  // namespace

InferenceNetwork::Precision ResolvePrecision(Precision precision,
                                             const Model& model) {
  if (precision == Precision::kFastest || precision == Precision::kInt8) {
    const bool measured = std::any_of(
        model.notes.begin(), model.notes.end(),
        [](const auto& n) { return n.first.starts_with(kInt8RangePrefix); });
    const bool wanted = precision == Precision::kInt8 ||
                        !model.notes.contains(kInt8WhenAskedNote);
    precision = measured && wanted && HasInt8() ? Precision::kInt8
                                                : Precision::kBfloat16;
  }
  if (precision == Precision::kBfloat16 && !HasFastHalf()) {
    return Precision::kFloat;
  }
  return precision;
}

void ChooseTypes(const Model& model, Precision precision,
                 const NetworkStep* before, const LayerSpec* next,
                 NetworkStep& step) {
  const auto type_of = [&](const LayerSpec& layer, int channels) {
    if (precision == Precision::kFloat) return NumberType::kFloat;
    if (precision == Precision::kInt8 && channels > 1) {
      // oneDNN gains nothing on one channel.
      if (const auto range = ByteRangeOf(model, layer)) return range->type;
    }
    return HasFastHalf() ? NumberType::kHalf : NumberType::kFloat;
  };
  step.type = type_of(step.layer, step.in.channels);
  if (IsByte(step.type)) step.in_step = ByteRangeOf(model, step.layer)->step;
  step.in_type = before != nullptr && before->layer.HasWeights()
                     ? before->out_type
                     : NumberType::kFloat;
  if (next == nullptr) return;
  const NumberType wanted = type_of(*next, step.out.channels);
  const bool relu = step.activation == Type::kRelu;
  if (step.type == NumberType::kHalf) {
    step.out_type = NumberType::kHalf;
  } else if (IsByte(step.type) && wanted == NumberType::kByte && relu) {
    // Cutting and rounding may follow the activation, which scales with what it
    // takes.
    step.out_type = wanted;
    step.out_step = ByteRangeOf(model, *next)->step;
  }
}

}  // namespace tiepoint
