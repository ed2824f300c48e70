// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
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

// Index of a pixel after reflection at borders that repeat the edge
// (dcba|abcd|dcba), for any integer i and n >= 1.
int MirrorIndex(int i, int n);

// Where colours are read from: planes as above, or the bytes of all three.
struct ColourSource {
  ColourSource() = default;
  explicit ColourSource(const std::vector<GrayImage>& bgr);
  ColourSource(const uint8_t* bgr_bytes, int w, int h)
      : width(w), height(h), bytes(bgr_bytes) {}

  int width = 0, height = 0;
  std::vector<const float*> planes;
  const uint8_t* bytes = nullptr;  // where there are no planes
};

// The channels of a part of the picture, to out[c * channel_stride + y * stride
// + x], less `middle` of each.
struct PicturePart {
  int x = 0, y = 0, width = 0, height = 0;
};
void GradLuvOfPart(const ColourSource& source, const PicturePart& part,
                   const float (&middle)[kGradLuvChannels], float* out,
                   ptrdiff_t stride, ptrdiff_t channel_stride);

}  // namespace tiepoint
