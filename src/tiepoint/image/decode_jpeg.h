// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tiepoint {

struct DecodedJpeg {
  int width = 0;
  int height = 0;
  int channels = 0;  // 1 gray, 3 BGR
  std::vector<uint8_t> pixels;
  std::string error;  // empty, or what is wrong with the file
};

// libjpeg used directly, because through OpenCV a truncated or damaged file
// comes back half gray without a word to the program (and with words on
// stderr), and CMYK files without an Adobe marker come out inverted. Gray,
// YCbCr, RGB, CMYK, YCCK; at most max_pixels pixels.
DecodedJpeg DecodeJpeg(std::span<const uint8_t> file, int64_t max_pixels);

}  // namespace tiepoint
