// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// Descriptors as a NumPy file (version 1.0, '<f4', C order, rows x cols).
// Throws InputError when the file cannot be written.
void WriteNpy(const std::string& path, const DescriptorMatrix& descriptors);

// Reads such a file back (float32, C order, two dimensions only).
DescriptorMatrix ReadNpy(const std::string& path);

}  // namespace tiepoint
