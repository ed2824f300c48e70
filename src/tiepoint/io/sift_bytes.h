// SPDX-License-Identifier: Apache-2.0
// Descriptors as bytes, the way of SIFT's file formats (Lowe's .key, COLMAP).
#pragma once

#include <cstdint>
#include <vector>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// The length that those formats know.
inline constexpr int kSiftLength = 128;

// Whether bytes keep what the descriptors say: 128 numbers each, none negative
// (negative ones become 0) nor NaN. True when there are no descriptors at all
// to look at (0 rows).
bool FitSiftBytes(const DescriptorMatrix& descriptors);

// Row by row, round(512 x) within 0 .. 255 of the row scaled to unit length
// (rows of zeros stay, NaN becomes 0). Off by at most 1/1024 a number where no
// number is above 255/512.
std::vector<uint8_t> SiftBytes(const DescriptorMatrix& descriptors);

// The way back: bytes / 512. Rows x 128.
DescriptorMatrix DescriptorsOfSiftBytes(const std::vector<uint8_t>& bytes);

}  // namespace tiepoint
