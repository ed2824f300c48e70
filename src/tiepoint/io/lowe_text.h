// SPDX-License-Identifier: Apache-2.0
// The .key files of Lowe's SIFT program.
#pragma once

#include <string>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// Of a position; Lowe's program writes y before x, some others x before y.
enum class LoweOrder { kRowColumn, kColumnRow };

// "N 128", then for every keypoint "y x scale orientation" and 128 bytes
// (sift_bytes.h), 20 a line. The centre of the first pixel is (0, 0); the
// orientation is counted counter-clockwise on the screen (from +x toward -y):
// the sign is turned, as VLFeat's vl_ubcread turns it back. The bytes stay in
// the order of the descriptor (vl_ubcread also reorders the directions in each
// cell, which matters where SIFT of two programs is to be compared). Numbers
// are float32 in full. Throws InputError for descriptors that do not have 128
// numbers.
std::string LoweText(const FeatureSet& features,
                     LoweOrder order = LoweOrder::kRowColumn);

// The way back; scores are 0, the image's size is not known (0 x 0). `where`:
// the file's name, for messages. Throws InputError for files that are
// truncated, bytes outside 0 .. 255, and numbers that are not finite.
FeatureSet ParseLoweText(const std::string& text, const std::string& where,
                         LoweOrder order = LoweOrder::kRowColumn);

}  // namespace tiepoint
