// SPDX-License-Identifier: Apache-2.0
// For tests: networks small enough to write down, under the names of the
// trained ones, so that every path of the pipeline runs without them.
#pragma once

#include <string>

namespace tiepoint {

// Writes lift_detector and jet_detector (blobs), lift_orientation (the
// direction of the gradient), deepdesc (a random projection of the patch),
// oriented (random weights) and correspondence (which keeps every match) into
// the folder.
void WriteTinyModels(const std::string& folder);

}  // namespace tiepoint
