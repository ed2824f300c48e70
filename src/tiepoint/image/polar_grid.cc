// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/polar_grid.h"

#include <cmath>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/image/bilinear_line.h"

namespace tiepoint {
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
    SampleAlong(pyramid, scale * ring.spacing,
                {.x = x,
                 .y = y,
                 .dx = radius,
                 .dy = radius,
                 .reach = 1,
                 .a = cos_.data(),
                 .b = sin_.data(),
                 .count = size_},
                patch);
    patch += size_;
  }
}

}  // namespace tiepoint
