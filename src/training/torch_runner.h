// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

// Runs the model with LibTorch on `count` normalised inputs of that shape
// (row-major, one after the other). The second implementation of the same
// definition: what inference is compared with (tiepoint evaluate parity).
std::vector<float> RunTorch(const Model& model, const Shape& input, int count,
                            const std::vector<float>& data);

}  // namespace tiepoint
