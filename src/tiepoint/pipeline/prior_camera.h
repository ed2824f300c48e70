// SPDX-License-Identifier: Apache-2.0
// Cameras as COLMAP begins with them: a focal length from the photograph's
// file, else a guess; the principal point in the middle; no distortion.
#pragma once

#include <string>

#include "tiepoint/geometry/two_view.h"
#include "tiepoint/io/colmap_model.h"

namespace tiepoint {

struct FocalPrior {
  double focal = 0;    // pixels
  bool known = false;  // from EXIF; else 1.2 times the longer side
};

// Of a photograph of width x height pixels. Never throws: a file that cannot be
// read tells nothing.
FocalPrior FocalPriorOf(const std::string& path, int width, int height);

// Throws InputError for a model that ColmapCamera does not list.
ColmapCamera MakeColmapCamera(const std::string& model, double focal, int width,
                              int height);

// From "f,cx,cy,k" or the like, as COLMAP's users write it: in the order of the
// model, pixels with the top left corner at (0, 0). Throws InputError for
// another number of numbers or focal lengths that are not above 0.
ColmapCamera ParseColmapCamera(const std::string& model,
                               const std::string& params, int width,
                               int height);

// Without the distortion.
PinholeCamera PinholeOf(const ColmapCamera& camera);

}  // namespace tiepoint
