// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "tiepoint/pipeline/preset.h"

namespace tiepoint {

// Everything that changes the features of a photograph, beside the names of
// the steps: {"max_keypoints": N, "lift": {options of LIFT's detector, where
// it is the detector}, "weights": {file: checksum}}. What a feature file and a
// record of an evaluation state. Throws InputError when weights are missing.
nlohmann::ordered_json FeatureSettings(const Preset& preset,
                                       const ExtractorOptions& options);

}  // namespace tiepoint
