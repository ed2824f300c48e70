// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tiepoint/image/gray_image.h"

namespace tiepoint {

inline constexpr int kGradLuvChannels = 6;

// The six channels that TILDE looks at (Verdie et al., CVPR 2015), in this
// order, of a picture in colour:
//   gx / 2 + 128, gy / 2 + 128, sqrt(gx^2 + gy^2), L, u, v
// `bgr`: blue, green and red planes of one size, 0..255; one plane alone stands
// for all three.
// Gradients: of the colour with the longest at each pixel (the first of
// equals); separable, (0.109604, 0.276691) (v(+2) - v(-2), v(+1) - v(-1)) along
// and (0.037659, 0.249153, 0.426375, 0.249153, 0.037659) across; positive where
// values grow to the right or downwards. Borders repeat the edge pixel
// (dcba|abcd|dcba).
// LUV of R, G, B in 0..1 as they are, without linearisation: L in steps of Y of
// 1/1024, then 2.55 L, 255 (u + 134) / 354, 255 (v + 140) / 256.
std::vector<GrayImage> GradLuv(const std::vector<GrayImage>& bgr);

}  // namespace tiepoint
