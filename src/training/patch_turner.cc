// SPDX-License-Identifier: Apache-2.0
#include "training/patch_turner.h"

#include <cmath>
#include <numbers>

#include "training/lift_patches.h"

namespace tiepoint {
namespace {

bool IsPolar(const PatchGeometry& geometry) {
  return geometry.grid == PatchGeometry::Grid::kLogPolar;
}

}  // namespace

torch::Tensor TurnColumns(const torch::Tensor& wide,
                          const torch::Tensor& angle) {
  const int64_t n = wide.size(0), width = wide.size(3);
  const double columns = static_cast<double>(width) / (2 * std::numbers::pi);
  const torch::Tensor position =
      torch::arange(width, wide.options()).unsqueeze(0) +
      (angle * columns).unsqueeze(1);
  const torch::Tensor left = torch::floor(position.detach());
  const torch::Tensor part = (position - left).view({n, 1, 1, width});
  const auto column = [&](const torch::Tensor& index) {
    return wide.gather(3, index.remainder(width)
                              .to(torch::kLong)
                              .view({n, 1, 1, width})
                              .expand_as(wide));
  };
  return (1 - part) * column(left) + part * column(left + 1);
}

PatchGeometry PatchTurner::Wide() const {
  PatchGeometry wide = geometry_;
  if (!IsPolar(geometry_)) {
    wide.size =
        static_cast<int>(std::ceil(geometry_.size * std::numbers::sqrt2));
    wide.support = geometry_.support * wide.size / geometry_.size;
  }
  return wide;
}

torch::Tensor PatchTurner::Turn(const torch::Tensor& wide,
                                const torch::Tensor& angle) const {
  if (IsPolar(geometry_)) return TurnColumns(wide, angle);
  const torch::Tensor zero = torch::zeros_like(angle);
  return Crop({wide, Wide().support}, geometry_, zero, zero, angle);
}

}  // namespace tiepoint
