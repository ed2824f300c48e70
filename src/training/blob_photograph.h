// SPDX-License-Identifier: Apache-2.0
// Photographs for tests of training.
#pragma once

#include <cstdint>
#include <string>

namespace tiepoint {

// Writes a gray PNG with bright and dark blobs of many sizes.
void WriteBlobPhotograph(const std::string& path, int width, int height,
                         uint64_t seed);

}  // namespace tiepoint
