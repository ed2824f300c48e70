// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace tiepoint {

struct JpegHeader {
  int width = 0;
  int height = 0;
  int channels = 0;          // of what is decoded: 1 gray, 3 BGR
  bool progressive = false;  // libjpeg then holds the whole picture, too
};

// Called with the header first, then with all rows, some at a time, from the
// top.
struct JpegReceiver {
  std::function<void(const JpegHeader&)> begin;
  std::function<void(int first_row, int count, const uint8_t* pixels)> rows;
};

// libjpeg used directly, because through OpenCV a truncated or damaged file
// comes back half gray without a word to the program (and with words on
// stderr), and CMYK files without an Adobe marker come out inverted. Gray,
// YCbCr, RGB, CMYK, YCCK; at most max_pixels pixels. Returns what is wrong with
// the file, or nothing.
std::string DecodeJpeg(std::span<const uint8_t> file, int64_t max_pixels,
                       const JpegReceiver& receiver);

// The header alone; nothing when it is damaged.
std::optional<JpegHeader> ReadJpegHeader(const std::string& path);

}  // namespace tiepoint
