// SPDX-License-Identifier: Apache-2.0
// What the text files of Lowe's program and of COLMAP have in common: "N 128",
// then for every keypoint four numbers and the 128 bytes of its descriptor
// (sift_bytes.h). For the sources of this layer.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// `keypoint` makes one of its four numbers. Throws InputError for files that
// are truncated or hold more, bytes outside 0 .. 255, and numbers that are not
// finite; `where` begins the message.
FeatureSet ParseSiftText(
    const std::string& text, const std::string& where,
    const std::function<Keypoint(const std::array<float, 4>&)>& keypoint);

}  // namespace tiepoint
