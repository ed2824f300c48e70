// SPDX-License-Identifier: Apache-2.0
// Weights that others published, whatever their form.
#pragma once

#include <string>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

// What a file of weights is for.
enum class WeightsRole { kDetector, kOrientation, kDescriptor };

enum class WeightsForm {
  kTilde,        // text: detector (import_tilde.h)
  kTorch7,       // .t7: descriptor (import_torch7.h)
  kLift,         // HDF5: descriptor (import_lift.h)
  kOrientation,  // folder of NumPy files (import_orientation.h)
  kTiepoint      // .safetensors, our own
};

// Told by the content, not by the name. Throws InputError when there is no such
// file or nothing that is known.
WeightsForm FormOf(const std::string& path);

// The network of any form but kTilde, whose filters are no network: throws
// InputError for them and for everything that cannot be read.
Model ImportModel(const std::string& path);

// One output channel: a detector; two numbers: an orientation; else a
// descriptor.
WeightsRole RoleOf(const Model& model);

}  // namespace tiepoint
