// SPDX-License-Identifier: Apache-2.0
// Depth maps of MegaDepth (Li and Snavely, CVPR 2018) and of the Image Matching
// Challenge: HDF5 with a two-dimensional data set "depth".
#pragma once

#include <string>

#include "tiepoint/image/gray_image.h"

namespace tiepoint {

// A depth a pixel in the unit of the model; 0 where it is not known (so are
// negative numbers and those that are not finite). Throws InputError when the
// file or its "depth" is missing or not such an array.
GrayImage ReadDepthMap(const std::string& path);

}  // namespace tiepoint
