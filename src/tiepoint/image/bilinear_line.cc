// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/bilinear_line.h"

#include <algorithm>
#include <cmath>

#include "tiepoint/base/all_processors.h"

namespace tiepoint {
namespace {

// The line in pixels of one octave, and what that counts.
struct OctaveLine {
  float x, y, dx, dy, weight;
};

// Adds weight * bilinear of the octave to the samples, all of them being
// inside. In blocks: where they lie, their four pixels, the blend; all but the
// reading is done in vectors.
TIEPOINT_ALL_PROCESSORS void AddInside(const float* __restrict pixels,
                                       int width, const OctaveLine& line,
                                       const float* __restrict along_x,
                                       const float* __restrict along_y,
                                       int count, float* __restrict samples) {
  constexpr int kBlock = 16;
  int at[kBlock];
  float fx[kBlock], fy[kBlock], a[kBlock], b[kBlock], c[kBlock], d[kBlock];
  for (int first = 0; first < count; first += kBlock) {
    const int filled = count - first < kBlock ? count - first : kBlock;
    for (int i = 0; i < filled; ++i) {
      const float u = line.x + line.dx * along_x[first + i];
      const float v = line.y + line.dy * along_y[first + i];
      // Coordinates are above 0.
      const int x = static_cast<int>(u), y = static_cast<int>(v);
      fx[i] = u - static_cast<float>(x);
      fy[i] = v - static_cast<float>(y);
      at[i] = y * width + x;
    }
    for (int i = 0; i < filled; ++i) {
      const float* top = pixels + at[i];
      a[i] = top[0];
      b[i] = top[1];
      c[i] = top[width];
      d[i] = top[width + 1];
    }
    for (int i = 0; i < filled; ++i) {
      const float upper = a[i] + fx[i] * (b[i] - a[i]);
      const float lower = c[i] + fx[i] * (d[i] - c[i]);
      samples[first + i] += line.weight * (upper + fy[i] * (lower - upper));
    }
  }
}

bool IsInside(const GrayImage& image, const OctaveLine& line, double reach) {
  // Indices must fit 32 bits, and coordinates 24 with some bits of fraction.
  constexpr int kLargest = 1 << 14;
  const float rx = std::abs(line.dx) * static_cast<float>(reach);
  const float ry = std::abs(line.dy) * static_cast<float>(reach);
  return line.x - rx >= 0.01f && line.y - ry >= 0.01f &&
         line.x + rx <= static_cast<float>(image.width) - 1.01f &&
         line.y + ry <= static_cast<float>(image.height) - 1.01f &&
         std::max(image.width, image.height) <= kLargest;
}

}  // namespace

void SampleAlong(const ImagePyramid& pyramid, double spacing,
                 const SampleLine& line, float* samples) {
  const PyramidLevels levels(pyramid, spacing);
  const auto in = [&](int octave, double weight) {
    const double step = std::ldexp(1.0, -octave);
    return OctaveLine{static_cast<float>((line.x + 0.5) * step - 0.5),
                      static_cast<float>((line.y + 0.5) * step - 0.5),
                      static_cast<float>(line.dx * step),
                      static_cast<float>(line.dy * step),
                      static_cast<float>(weight)};
  };
  const OctaveLine fine = in(levels.fine, levels.fine_weight);
  const OctaveLine coarse = in(levels.coarse, 1 - levels.fine_weight);
  const GrayImage& fine_image = pyramid.Octave(levels.fine);
  const GrayImage& coarse_image = pyramid.Octave(levels.coarse);
  const bool two = levels.fine_weight < 1;
  if (!IsInside(fine_image, fine, line.reach) ||
      (two && !IsInside(coarse_image, coarse, line.reach))) {
    const PyramidSampler sampler(pyramid, spacing);
    for (int i = 0; i < line.count; ++i) {
      samples[i] =
          sampler(line.x + line.dx * line.a[i], line.y + line.dy * line.b[i]);
    }
    return;
  }
  std::fill_n(samples, line.count, 0.0f);
  AddInside(fine_image.pixels.data(), fine_image.width, fine, line.a, line.b,
            line.count, samples);
  if (two) {
    AddInside(coarse_image.pixels.data(), coarse_image.width, coarse, line.a,
              line.b, line.count, samples);
  }
}

}  // namespace tiepoint
