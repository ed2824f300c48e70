// SPDX-License-Identifier: Apache-2.0
// The numbers that the layers of a network compute with, for the sources of
// this layer.
#pragma once

#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/model_file.h"
#include "tiepoint/network/network_spec.h"
#include "tiepoint/network/network_step.h"

namespace tiepoint {

// What kFastest means here for this model: never kFastest. Of what was asked
// for, what the processor or the model has no means for becomes the next less
// coarse.
InferenceNetwork::Precision ResolvePrecision(
    InferenceNetwork::Precision precision, const Model& model);

// Chooses what a layer with weights computes with: the number types and the
// steps of bytes of `step`, whose layer, shapes and activation have been set.
// `precision` as ResolvePrecision says. `before`: the step before, null for the
// first. `next`: the layer behind it and its activation, where that has
// weights, too; else null.
void ChooseTypes(const Model& model, InferenceNetwork::Precision precision,
                 const NetworkStep* before, const LayerSpec* next,
                 NetworkStep& step);

}  // namespace tiepoint
