// SPDX-License-Identifier: Apache-2.0
// How much memory the work on photographs takes, and may take (--memory).
#pragma once

#include <cstdint>
#include <string>

#include "tiepoint/image/image.h"

namespace tiepoint {

// Enough for any photograph that can be read in one piece and, in strips, for
// 268 megapixels.
inline constexpr int64_t kUsualMemory = int64_t{2} << 30;

// What the program takes without photographs: libraries, weights, workspaces of
// networks.
inline constexpr int64_t kProgramMemory = int64_t{240} << 20;

// "1.5G", "500M", "2000000K", "3000000000": bytes; K, M and G are powers of
// 1024, in either case, with or without B or iB behind. Throws InputError.
int64_t ParseMemory(const std::string& text);
// Rounded up: "1.5G", "500M".
std::string MemoryText(int64_t bytes);

// Of a photograph that was read.
int64_t PhotographBytes(const Image& image);
// Of the octaves above it.
int64_t PyramidBytes(int width, int height);

}  // namespace tiepoint
