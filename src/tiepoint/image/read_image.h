// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tiepoint/image/image.h"

namespace tiepoint {

struct ReadOptions {
  // The longer side of the working image is at most this many pixels (area
  // averaging); 0 keeps the stored size.
  int max_image_size = 0;
  // Keep the colours for drawing (3 bytes a pixel).
  bool keep_colour = false;
};

// Reads JPEG (gray, YCbCr, CMYK/YCCK), PNG, TIFF, PPM/PGM, WebP; 8 or 16 bit;
// gray, colour, with alpha (which is ignored: the colours count as they are
// stored). Gray is 0.299 R + 0.587 G + 0.114 B, rounded to the depth of the
// file; 16-bit files become 0..255 with 1/257 steps. EXIF orientation is
// reported and not applied, to TIFF neither.
// Throws InputError with one line naming the file: missing, a directory,
// empty, truncated, damaged, not an image, more than 2^16 pixels a side or 2^28
// in all, samples that are neither 8 nor 16 bit.
Image ReadImage(const std::string& path, const ReadOptions& options = {});

// A picture that somebody else holds: rows of interleaved samples.
struct PixelView {
  enum class Depth { kUint8, kUint16, kFloat };  // white: 255, 65535, 255
  const void* data = nullptr;
  int width = 0;
  int height = 0;
  int channels = 1;      // 1: gray, 3: colour
  size_t row_bytes = 0;  // from one row to the next
  Depth depth = Depth::kUint8;
  bool rgb = false;  // order of the colours; else blue, green, red
};

// What ReadImage makes of a lossless file of these pixels; gray of float
// samples is not rounded. `name` stands for the path. Throws InputError when
// there are no pixels or too many, or when a float is not finite.
Image ImageFromPixels(const std::string& name, const PixelView& pixels,
                      const ReadOptions& options = {});

// What can be known before a photograph is read.
struct PhotographHead {
  int width = 0;  // of the working image
  int height = 0;
  int64_t reading_bytes = 0;  // the most that ReadImage takes
};

// From the head of the file (JPEG, PNG); nothing where that does not say. Never
// throws.
std::optional<PhotographHead> PeekPhotograph(const std::string& path,
                                             const ReadOptions& options = {});

}  // namespace tiepoint
