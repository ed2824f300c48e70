// SPDX-License-Identifier: Apache-2.0
// The slow, obviously right network: plain loops in double precision. It is
// the oracle of the tests and the fallback of nothing.
#pragma once

#include <vector>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

// Runs the network on one normalised input (C, H, W of `input`, which may
// differ from the spec's for fully convolutional networks). Returns the output,
// row-major; its shape is Shapes(spec, input).back().
std::vector<float> RunNaive(const Model& model, const Shape& input,
                            const std::vector<float>& data);

}  // namespace tiepoint
