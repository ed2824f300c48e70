// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/image/gray_image.h"

namespace tiepoint {

// The same scene at another hour. What repeats across such pictures is what
// detectors and descriptors for changing light must learn; photographs of one
// place over days are rare under free licences, so the light is made:
//   lamps and sun   smooth fields and bright spots that multiply the light
//   relief          slopes of the (blurred) brightness turn to or from a light
//                   of random direction, which moves and flips faint edges
//   cast shadows    convex polygons with sharp or soft rims
//   colour          each plane has a gain of its own (sun, sky, night)
//   haze            a veil, thicker upwards or everywhere alike
//   tones           exposure, gamma, now and then a tone curve that falls in
//                   part (materials that answer differently to another light)
// `planes` (blue, green, red, or one gray plane; one size, 0..255) share all
// but the colour. Multiplications happen on linear light (gamma 2.2).
// `strength` 0 (nothing changes) .. 1. Values stay within 0..255.
std::vector<GrayImage> Relight(const std::vector<GrayImage>& planes,
                               double strength, Random& random);

}  // namespace tiepoint
