// SPDX-License-Identifier: Apache-2.0
// What a photograph's file says about the camera.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace tiepoint {

// The EXIF tags from which a focal length follows; 0 where the file is silent.
struct FocalTags {
  double focal_mm = 0;            // FocalLength
  double focal_35mm = 0;          // FocalLengthIn35mmFilm
  double plane_x_resolution = 0;  // FocalPlaneXResolution, pixels per unit
  double plane_unit_mm = 0;       // FocalPlaneResolutionUnit in millimetres
  double pixel_x_dimension = 0;   // size when the photograph was taken: it may
  double pixel_y_dimension = 0;   // have been resized since
};

// Focal length in pixels of a photograph of width x height; empty when the tags
// do not tell.
//  1. The sensor is known: focal_mm * pixels per millimetre, times the longer
//     side now over the longer side then. Ignored when it gives the sensor a
//     longer side outside 1..100 mm (some cameras write the tag for a preview).
//  2. Else the 35 mm equivalent, by the diagonal as CIPA DCG-001 defines it:
//     focal_35mm * (diagonal in pixels) / 43.267 mm. (By the width instead, a
//     4:3 photograph would come out 4 % shorter.)
std::optional<double> FocalLengthInPixels(const FocalTags& tags, int width,
                                          int height);

struct ExifNotes {
  int orientation = 0;  // 1..8; 0: not given
  FocalTags focal;
};

// Never throws: a file without EXIF or with damaged EXIF gives the defaults.
ExifNotes ReadExif(std::span<const uint8_t> file);

}  // namespace tiepoint
