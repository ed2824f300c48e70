// SPDX-License-Identifier: Apache-2.0
// The layers of network_spec.h as operators of ONNX: such as OpenCV 4.6's DNN
// module runs, too, with a batch of any size (it cannot spread a tensor over
// another whose sizes are open, so that sums over channels or matches are
// spread by products with ones).
#pragma once

#include <string>
#include <vector>

#include "tiepoint/network/model_file.h"
#include "tiepoint/onnx/onnx_graph.h"

namespace tiepoint {

// (x - mean) / deviation, or of each patch, or pixel (NormalizeInput). The
// patch's own normalisation lacks one thing: patches whose deviation is at most
// 0.5 are not set to 0. Throws InputError for patches of several channels that
// are normalised each by itself.
std::string AddNormalization(const Model& model, const std::string& input,
                             OnnxGraph& graph);

// All layers of `model` from the normalised `input` (N, channels, height,
// width) on. Returns the name of the result: (N, channels, height, width), or
// (N, numbers) after layers that look at everything at once. Throws InputError
// for a GHH that does not follow a convolution or a linear layer.
std::string AddLayers(const Model& model, const std::string& input,
                      OnnxGraph& graph);

// Spreads one number a row, (N, 1), over `columns`: (N, columns).
std::string SpreadRows(const std::string& input, int columns, OnnxGraph& graph);

// A detector answers for every pixel, of pictures of any size: its layers look
// at neighbourhoods and the one sample gives one number.
bool IsDense(const NetworkSpec& spec);

}  // namespace tiepoint
