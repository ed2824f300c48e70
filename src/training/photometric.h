// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tiepoint/base/random.h"
#include "tiepoint/image/gray_image.h"

namespace tiepoint {

// What light and camera do to a view: random gamma, contrast, brightness, soft
// shadow, blur (defocus or along a line), noise and JPEG, each with some
// probability. `strength` 0..1 scales them all. Ends in whole gray values
// 0..255, as a file would hold.
GrayImage ChangeAppearance(const GrayImage& image, double strength,
                           Random& random);

}  // namespace tiepoint
