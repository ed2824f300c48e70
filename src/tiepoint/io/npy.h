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

// A NumPy file in memory (version 1.0, '<f4' or '<i8', C order).
std::string NpyContent(const std::vector<int64_t>& shape,
                       const std::vector<float>& data);
std::string NpyContent(const std::vector<int64_t>& shape,
                       const std::vector<int64_t>& data);

// Reads such a file from memory; `where` begins the messages. As ReadNpyArray.
NpyArray ParseNpy(const std::string& content, const std::string& where);

// Reads a NumPy file of version 1.0, float32, float64, int32 or int64,
// little-endian, C order. Throws InputError in one line naming the file.
NpyArray ReadNpyArray(const std::string& path);

}  // namespace tiepoint
