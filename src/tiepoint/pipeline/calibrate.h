// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tiepoint/pipeline/preset.h"

namespace tiepoint {

// Writes the weights of a network on keypoints (a Model or an OrientedModel) to
// `target` with the ranges that its int8 form needs (int8_calibration.h),
// measured at the keypoints that `default` finds in the photographs. Numbers
// that fit into half precision stay so. With
// `only_when_asked`, kInt8WhenAskedNote. Returns the notes that were added.
// Throws InputError as reading weights and photographs does, or when there is
// no keypoint.
std::map<std::string, std::string> CalibrateWeights(
    const std::string& source, const std::vector<std::string>& photographs,
    const ExtractorOptions& options, const std::string& target,
    bool only_when_asked = false);

}  // namespace tiepoint
