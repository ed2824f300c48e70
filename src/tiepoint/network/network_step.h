// SPDX-License-Identifier: Apache-2.0
// One step of a NetworkPlan (network_plan.h): how it is made and how it runs.
// For source files only: it includes oneDNN's header.
#pragma once

#include <optional>

#include "tiepoint/network/model_file.h"
#include "tiepoint/network/network_spec.h"
#include "tiepoint/network/number_types.h"
#include "tiepoint/network/one_dnn.h"

namespace tiepoint {

// One layer, or a layer with weights together with the activation behind it.
struct NetworkStep {
  LayerSpec layer;
  Shape in, out;
  // Layers with weights:
  std::optional<LayerSpec::Type> activation;
  dnnl::primitive primitive;
  dnnl::memory::desc src, dst, scratch;
  dnnl::memory weight, bias;
  // What it computes with, what comes in, what goes out.
  NumberType type = NumberType::kFloat;
  NumberType in_type = NumberType::kFloat;
  NumberType out_type = NumberType::kFloat;
  float in_step = 1, out_step = 1;  // of bytes

  bool Circular() const {
    return layer.type == LayerSpec::Type::kConv && layer.circular_x &&
           layer.padding > 0;
  }
  // Is its input brought to another place first?
  bool Moved() const { return Circular() || type != in_type; }
  bool InPlace() const {
    return layer.type == LayerSpec::Type::kRelu ||
           layer.type == LayerSpec::Type::kTanh ||
           layer.type == LayerSpec::Type::kSubtractiveNorm ||
           layer.type == LayerSpec::Type::kL2Normalize;
  }
  Shape Padded() const {
    Shape shape = in;
    if (Circular()) shape.width += 2 * layer.padding;
    return shape;
  }
};

// Makes the oneDNN side of a convolution or linear layer for `batch` samples:
// the primitive with the activation behind it, its weights and biases. Layer,
// shapes, activation and number types must have been set. Throws InputError for
// weights that are missing or do not fit.
void PrepareWeights(const Model& model, int batch, NetworkStep& step);

// `in`: the maps before a step, to `padded` in its type, circular borders
// filled.
void MoveInput(const NetworkStep& step, int batch, const void* in,
               void* padded);

// A layer without weights, one sample. Destroys `in`, and where the step is
// InPlace() leaves its result there.
void RunWithoutWeights(const NetworkStep& step, float* in, float* out);

}  // namespace tiepoint
