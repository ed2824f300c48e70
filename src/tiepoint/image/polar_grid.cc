// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/polar_grid.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiepoint/base/all_processors.h"
#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

// Where samples of a ring lie in one octave (its pixels), and what they count.
struct OctaveRing {
  float x, y, radius, weight;
};

// patch[i] = before * patch[i] + weight * bilinear of the octave, all samples
// being inside. In blocks: where they lie, their four pixels, the blend; all
// but the reading is done in vectors.
TIEPOINT_ALL_PROCESSORS void AddInside(const float* __restrict pixels,
                                       int width, const OctaveRing& ring,
                                       const float* __restrict cosine,
                                       const float* __restrict sine, int count,
                                       float before, float* __restrict patch) {
  constexpr int kBlock = 16;
  int at[kBlock];
  float fx[kBlock], fy[kBlock], a[kBlock], b[kBlock], c[kBlock], d[kBlock];
  for (int first = 0; first < count; first += kBlock) {
    const int filled = count - first < kBlock ? count - first : kBlock;
    for (int i = 0; i < filled; ++i) {
      const float u = ring.x + ring.radius * cosine[first + i];
      const float v = ring.y + ring.radius * sine[first + i];
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
      patch[first + i] = before * patch[first + i] +
                         ring.weight * (upper + fy[i] * (lower - upper));
    }
  }
}

bool IsInside(const GrayImage& image, const OctaveRing& ring) {
  // Indices must fit 32 bits, and coordinates 24 with some bits of fraction.
  constexpr int kLargest = 1 << 14;
  return ring.x - ring.radius >= 0.01f && ring.y - ring.radius >= 0.01f &&
         ring.x + ring.radius <= static_cast<float>(image.width) - 1.01f &&
         ring.y + ring.radius <= static_cast<float>(image.height) - 1.01f &&
         std::max(image.width, image.height) <= kLargest;
}

}  // namespace

PolarGrid::PolarGrid(const PatchGeometry& geometry) : size_(geometry.size) {
  if (geometry.grid != PatchGeometry::Grid::kLogPolar) {
    throw InputError("a polar grid samples log-polar patches");
  }
  const double growth =
      std::pow(geometry.support / geometry.inner, 1.0 / (size_ - 1));
  const double turn = 2 * std::numbers::pi / size_;
  const double density = std::sqrt(turn * std::log(growth));
  for (int j = 0; j < size_; ++j) {
    const double radius = geometry.inner * std::pow(growth, j);
    rings_.push_back({radius, radius * density});
  }
  for (int i = 0; i < size_; ++i) {
    cos_.push_back(static_cast<float>(std::cos(turn * i)));
    sin_.push_back(static_cast<float>(std::sin(turn * i)));
  }
}

void PolarGrid::Sample(const ImagePyramid& pyramid, double x, double y,
                       double scale, float* patch) const {
  for (const Ring& ring : rings_) {
    const double radius = scale * ring.radius;
    const PyramidLevels levels(pyramid, scale * ring.spacing);
    const auto in = [&](int octave, double weight) {
      const double step = std::ldexp(1.0, -octave);
      return OctaveRing{static_cast<float>((x + 0.5) * step - 0.5),
                        static_cast<float>((y + 0.5) * step - 0.5),
                        static_cast<float>(radius * step),
                        static_cast<float>(weight)};
    };
    const OctaveRing fine = in(levels.fine, levels.fine_weight);
    const OctaveRing coarse = in(levels.coarse, 1 - levels.fine_weight);
    const GrayImage& fine_image = pyramid.Octave(levels.fine);
    const GrayImage& coarse_image = pyramid.Octave(levels.coarse);
    const bool two = levels.fine_weight < 1;
    if (IsInside(fine_image, fine) &&
        (!two || IsInside(coarse_image, coarse))) {
      AddInside(fine_image.pixels.data(), fine_image.width, fine, cos_.data(),
                sin_.data(), size_, 0, patch);
      if (two) {
        AddInside(coarse_image.pixels.data(), coarse_image.width, coarse,
                  cos_.data(), sin_.data(), size_, 1, patch);
      }
    } else {
      const PyramidSampler sampler(pyramid, scale * ring.spacing);
      for (int i = 0; i < size_; ++i) {
        patch[i] = sampler(x + radius * cos_[i], y + radius * sin_[i]);
      }
    }
    patch += size_;
  }
}

}  // namespace tiepoint
