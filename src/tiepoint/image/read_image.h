// SPDX-License-Identifier: Apache-2.0
#pragma once

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
// gray, colour, with alpha (blended over nothing: alpha is ignored). EXIF
// orientation is reported and not applied.
// Throws InputError with one line naming the file: missing, a directory,
// empty, truncated, not an image, larger than 2^16 a side.
Image ReadImage(const std::string& path, const ReadOptions& options = {});

}  // namespace tiepoint
