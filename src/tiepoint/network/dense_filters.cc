// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/dense_filters.h"

#include <algorithm>
#include <memory>

#include "tiepoint/base/parallel.h"
#include "tiepoint/base/workspace_pool.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;

constexpr int kTile = FilterBank::kTile;
constexpr int kStride = FilterBank::kStride;
// Smaller kernels are faster as plain sums.
constexpr int kMinKernel = 15;

// The tile at (x0, y0), with zeros beyond the plane.
void Load(const float* plane, int width, int height, int x0, int y0,
          std::vector<float>& tile) {
  std::fill(tile.begin(), tile.end(), 0.0f);
  for (int y = 0; y < std::min(kTile, height - y0); ++y) {
    std::copy_n(plane + static_cast<size_t>(y0 + y) * width + x0,
                std::min(kTile, width - x0), tile.data() + y * kStride);
  }
}

}  // namespace

bool DenseFilters::Fits(const NetworkSpec& spec) {
  if (spec.layers.size() != 2 || spec.input.channels != 1) return false;
  const LayerSpec& conv = spec.layers[0];
  return conv.type == Type::kConv && conv.stride == 1 && conv.StrideY() == 1 &&
         conv.padding == 0 && conv.kernel >= kMinKernel &&
         conv.kernel <= FilterBank::kMaxKernel &&
         spec.layers[1].type == Type::kGhh;
}

DenseFilters::DenseFilters(const Model& model)
    : hinges_{.sums = model.spec.layers[1].sums,
              .maxes = model.spec.layers[1].maxes,
              .bias =
                  model.weights.at(model.spec.layers[0].name + ".bias").data},
      bank_(model.weights.at(model.spec.layers[0].name + ".weight").data,
            model.spec.layers[0].out, model.spec.layers[0].kernel) {}

std::vector<float> DenseFilters::Run(const float* plane, int width, int height,
                                     const Shape& out) const {
  const int side = bank_.ResultSide();
  const int columns = (out.width + side - 1) / side;
  const int rows = (out.height + side - 1) / side;
  std::vector<float> map(static_cast<size_t>(out.channels) * out.height *
                         out.width);
  WorkspacePool<FilterBank::Workspace> workspaces(
      [] { return std::make_unique<FilterBank::Workspace>(); });
  ParallelFor(columns * rows, [&](int tile) {
    const int x0 = tile % columns * side, y0 = tile / columns * side;
    auto work = workspaces.Take();
    Load(plane, width, height, x0, y0, work->input.re);
    bank_.SetChannel(*work, 0);
    bank_.RunHinges(*work, hinges_, [&](int o, const float* scores) {
      for (int y = y0; y < std::min(y0 + side, out.height); ++y) {
        std::copy_n(scores + (y - y0) * kStride, std::min(side, out.width - x0),
                    map.data() +
                        (static_cast<size_t>(o) * out.height + y) * out.width +
                        x0);
      }
    });
    workspaces.Return(std::move(work));
  });
  return map;
}

}  // namespace tiepoint
