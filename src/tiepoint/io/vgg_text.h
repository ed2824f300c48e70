// SPDX-License-Identifier: Apache-2.0
// The affine regions of Oxford's Visual Geometry Group (.haraff, .hesaff.sift).
#pragma once

#include <string>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// The length of descriptors (1.0 when there are none), the number of regions,
// then a line a region: u v a b c and the descriptor. The centre of the first
// pixel is (0, 0) and the region a(x-u)^2 + 2b(x-u)(y-v) + c(y-v)^2 = 1: here a
// circle with the radius `scale`. Numbers are float32 in full; angle and score
// have no place. Throws InputError for scales that are not positive.
std::string VggText(const FeatureSet& features);

// The way back: the scale is the radius of the circle with the ellipse's area
// (within 1e-6 of what was written), the angle 0, the score 0; the image's size
// is not known (0 x 0). `where`: the file's name, for messages. Throws
// InputError for files that are truncated, numbers that are not finite, and
// regions that are no ellipses.
FeatureSet ParseVggText(const std::string& text, const std::string& where);

}  // namespace tiepoint
