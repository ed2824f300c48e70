// SPDX-License-Identifier: Apache-2.0
#include "training/lift_patches.h"

#include <cmath>
#include <numbers>

namespace tiepoint {
namespace {

// Positions of the pixels of a patch at the origin with angle 0, in sigma:
// s x s x 2.
torch::Tensor Positions(const PatchGeometry& g) {
  torch::Tensor grid = torch::empty({g.size, g.size, 2});
  auto value = grid.accessor<float, 3>();
  for (int j = 0; j < g.size; ++j) {
    for (int i = 0; i < g.size; ++i) {
      double x, y;
      if (g.grid == PatchGeometry::Grid::kLogPolar) {
        const double radius =
            g.inner * std::pow(g.support / g.inner,
                               static_cast<double>(j) / (g.size - 1));
        const double a = 2 * std::numbers::pi * i / g.size;
        x = radius * std::cos(a);
        y = radius * std::sin(a);
      } else {
        x = g.support * ((2.0 * i + 1) / g.size - 1);
        y = g.support * ((2.0 * j + 1) / g.size - 1);
      }
      value[j][i][0] = static_cast<float>(x);
      value[j][i][1] = static_cast<float>(y);
    }
  }
  return grid;
}

}  // namespace

torch::Tensor Crop(const GrayPatches& patches, const PatchGeometry& geometry,
                   const torch::Tensor& x, const torch::Tensor& y,
                   const torch::Tensor& angle) {
  namespace F = torch::nn::functional;
  const torch::Tensor at = Positions(geometry).to(patches.pixels.device());
  const auto each = [](const torch::Tensor& t) { return t.view({-1, 1, 1}); };
  const torch::Tensor c = each(torch::cos(angle)), s = each(torch::sin(angle));
  const torch::Tensor u = at.select(2, 0).unsqueeze(0);
  const torch::Tensor v = at.select(2, 1).unsqueeze(0);
  const torch::Tensor grid =
      torch::stack({each(x) + c * u - s * v, each(y) + s * u + c * v}, 3) /
      patches.support;
  return F::grid_sample(patches.pixels, grid,
                        F::GridSampleFuncOptions()
                            .padding_mode(torch::kBorder)
                            .align_corners(false));
}

torch::Tensor NormalizePatches(const Model& model, const torch::Tensor& x) {
  if (!model.per_patch) return (x - model.mean) / model.deviation;
  const torch::Tensor centred = x - x.mean({1, 2, 3}, true);
  const torch::Tensor deviation =
      torch::sqrt(centred.pow(2).mean({1, 2, 3}, true) + 1e-12);
  return centred / torch::clamp_min(deviation, 0.5);
}

}  // namespace tiepoint
