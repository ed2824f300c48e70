// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tiepoint/image/gray_image.h"

namespace tiepoint {

// A photograph as Tiepoint works on it. `gray` may be a reduced version
// (ReadOptions::max_image_size); everything that is reported is in pixels of
// the stored file, which WorkingFromStored / StoredFromWorking convert.
struct Image {
  std::string path;
  int width = 0;  // of the stored file, as stored: never rotated
  int height = 0;
  GrayImage gray;            // working resolution, 0..255
  std::vector<uint8_t> bgr;  // the same pixels in colour, for drawing
  // EXIF orientation tag 1..8 (1 = upright; 0 = not given): reported, never
  // applied, because intrinsics and coordinates belong to the stored pixels.
  int exif_orientation = 0;
  // Focal length in pixels of the stored file from EXIF; empty when unknown.
  std::optional<double> focal_length;

  // Stored pixels a working pixel, both axes measured alone because sizes are
  // rounded.
  double ScaleX() const { return static_cast<double>(width) / gray.width; }
  double ScaleY() const { return static_cast<double>(height) / gray.height; }
  double StoredX(double x) const { return (x + 0.5) * ScaleX() - 0.5; }
  double StoredY(double y) const { return (y + 0.5) * ScaleY() - 0.5; }
};

}  // namespace tiepoint
