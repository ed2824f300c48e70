// SPDX-License-Identifier: Apache-2.0
// What the int8 form of a network needs to know: in what range the inputs of
// its layers lie.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

// Notes (Int8RangeNote) for the layers with weights that read more than one
// channel, from what they see of `inputs`: normalised samples, each C x H x W
// of the spec's input. The range holds the share `quantile` of the numbers that
// are not zero; what is beyond is cut. Throws InputError for no inputs.
std::map<std::string, std::string> MeasureInt8Ranges(
    const Model& model, const std::vector<std::vector<float>>& inputs,
    double quantile = 0.9995);

}  // namespace tiepoint
