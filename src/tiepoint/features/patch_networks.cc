// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/patch_networks.h"

#include <algorithm>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

// Calls place(first, count) for batches of the `total` keypoints, on all
// threads.
template <typename F>
void ForBatches(int total, int batch, const F& place) {
  ParallelFor((total + batch - 1) / batch, [&](int b) {
    const int first = b * batch;
    place(first, std::min(batch, total - first));
  });
}

// The patches of `keypoints`, normalised, one after the other.
template <typename AngleOf>
std::vector<float> SamplePatches(const ImagePyramid& pyramid,
                                 std::span<const Keypoint> keypoints,
                                 const Model& model,
                                 const PatchGeometry& geometry,
                                 const AngleOf& angle_of) {
  const int size = geometry.size * geometry.size;
  std::vector<float> patches(keypoints.size() * size);
  float* patch = patches.data();
  for (const Keypoint& k : keypoints) {
    SamplePatch(pyramid, k.x, k.y, k.scale, angle_of(k), geometry, patch);
    NormalizeInput(model, patch, size);
    patch += size;
  }
  return patches;
}

}  // namespace

PatchGeometry GeometryOf(const Model& model) {
  const Shape& input = model.spec.input;
  const std::string network = "network '" + model.spec.architecture + "'";
  if (input.channels != 1 || input.height != input.width) {
    throw InputError(network + " does not take square gray patches");
  }
  const double grid = model.Number("grid", 0);
  if (grid != 0 && grid != 1) {
    throw InputError(network +
                     ": note 'grid' must be 0 (Cartesian) or 1 (log-polar)");
  }
  PatchGeometry geometry;
  geometry.grid = grid == 1 ? PatchGeometry::Grid::kLogPolar
                            : PatchGeometry::Grid::kCartesian;
  geometry.size = input.width;
  geometry.support = model.Number("support", geometry.support);
  geometry.inner = model.Number("inner", geometry.inner);
  geometry.centre_shift = model.Number("centre_shift", 0);
  if (const std::string why = geometry.Validate(); !why.empty()) {
    throw InputError(network + ": " + why);
  }
  return geometry;
}

float AngleOf(float cosine, float sine) {
  // Also of -0.
  return cosine == 0 && sine == 0 ? 0.0f : WrapAngle(std::atan2(sine, cosine));
}

NetworkOrientation::NetworkOrientation(Model model,
                                       InferenceNetwork::Precision precision)
    : network_(std::move(model), precision),
      geometry_(GeometryOf(network_.model())) {
  if (OutputShape(network_.model().spec).Size() != 2) {
    throw InputError("network '" + network_.model().spec.architecture +
                     "' is not an orientation network: it has not 2 outputs");
  }
}

void NetworkOrientation::Estimate(const ImagePyramid& pyramid,
                                  std::span<Keypoint> keypoints) const {
  ForBatches(
      static_cast<int>(keypoints.size()), network_.Batch(),
      [&](int first, int count) {
        const std::span<Keypoint> batch = keypoints.subspan(first, count);
        const std::vector<float> patches =
            SamplePatches(pyramid, batch, network_.model(), geometry_,
                          [](const Keypoint&) { return 0.0; });
        std::vector<float> directions(2 * static_cast<size_t>(count));
        network_.Run(patches.data(), count, directions.data());
        for (int i = 0; i < count; ++i) {
          batch[i].angle = AngleOf(directions[2 * i], directions[2 * i + 1]);
        }
      });
}

NetworkDescriptor::NetworkDescriptor(Model model,
                                     InferenceNetwork::Precision precision)
    : network_(std::move(model), precision),
      geometry_(GeometryOf(network_.model())) {}

DescriptorMatrix NetworkDescriptor::Describe(
    const ImagePyramid& pyramid, std::span<const Keypoint> keypoints) const {
  DescriptorMatrix result;
  result.rows = static_cast<int>(keypoints.size());
  result.cols = OutputShape(network_.model().spec).Size();
  result.data.resize(static_cast<size_t>(result.rows) * result.cols);
  ForBatches(result.rows, network_.Batch(), [&](int first, int count) {
    const std::vector<float> patches = SamplePatches(
        pyramid, keypoints.subspan(first, count), network_.model(), geometry_,
        [](const Keypoint& k) { return static_cast<double>(k.angle); });
    network_.Run(patches.data(), count, result.Row(first));
  });
  return result;
}

}  // namespace tiepoint
