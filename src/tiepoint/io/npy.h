// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// Descriptors as a NumPy file (version 1.0, '<f4', C order, rows x cols).
// Throws InputError when the file cannot be written.
void WriteNpy(const std::string& path, const DescriptorMatrix& descriptors);

// Reads such a file back (float32, C order, two dimensions only).
DescriptorMatrix ReadNpy(const std::string& path);

// Numbers of any shape; a scalar has none.
struct NpyArray {
  std::vector<int64_t> shape;
  std::vector<double> data;  // row-major
};

// Reads a NumPy file of version 1.0, float32 or float64, little-endian, C
// order. Throws InputError in one line naming the file.
NpyArray ReadNpyArray(const std::string& path);

}  // namespace tiepoint
