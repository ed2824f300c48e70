// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/oriented_network.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/features/patch_networks.h"

namespace tiepoint {
namespace {

// Calls visit(first, count) for batches of the keypoints, on all threads.
template <typename Visit>
void ForBatches(size_t total, int batch, const Visit& visit) {
  const auto count = static_cast<int>(total);
  ParallelFor((count + batch - 1) / batch, [&](int b) {
    visit(b * batch, std::min(batch, count - b * batch));
  });
}

// TurnColumns of maps whose channels are last.
void TurnMap(const Shape& shape, const float* in, float angle, float* out) {
  const int width = shape.width, channels = shape.channels;
  const ColumnMove move(width, angle);
  for (int y = 0; y < shape.height; ++y) {
    int column = move.first;
    for (int x = 0; x < width; ++x, out += channels) {
      const int next = column + 1 == width ? 0 : column + 1;
      const float* a = in + static_cast<ptrdiff_t>(column) * channels;
      const float* b = in + static_cast<ptrdiff_t>(next) * channels;
      for (int c = 0; c < channels; ++c)
        out[c] = move.left * a[c] + move.right * b[c];
      column = next;
    }
    in += static_cast<ptrdiff_t>(width) * channels;
  }
}

// The file's notes are the trunk's; ranges of layers are among them.
Model WithNotes(Model part, const Model& trunk) {
  part.notes = trunk.notes;
  return part;
}

}  // namespace

OrientedNetwork::OrientedNetwork(const OrientedModel& model,
                                 InferenceNetwork::Precision precision)
    : trunk_(model.trunk, precision),
      orientation_(WithNotes(model.orientation, model.trunk), precision),
      descriptor_(WithNotes(model.descriptor, model.trunk), precision),
      grid_(GeometryOf(model.trunk)),
      map_(OutputShape(model.trunk.spec)) {
  CheckOrientedModel(model);
}

std::vector<float> OrientedNetwork::Maps(
    const ImagePyramid& pyramid, std::span<const Keypoint> keypoints) const {
  const int size = trunk_.model().spec.input.Size();
  std::vector<float> patches(keypoints.size() * size);
  float* patch = patches.data();
  for (const Keypoint& k : keypoints) {
    grid_.Sample(pyramid, k.x, k.y, k.scale, patch);
    NormalizeInput(trunk_.model(), patch, size);
    patch += size;
  }
  std::vector<float> maps(keypoints.size() * map_.Size());
  trunk_.RunChannelsLast(patches.data(), static_cast<int>(keypoints.size()),
                         maps.data());
  return maps;
}

void OrientedNetwork::Orient(const std::vector<float>& maps,
                             std::span<Keypoint> keypoints) const {
  std::vector<float> directions(2 * keypoints.size());
  orientation_.RunChannelsLast(maps.data(), static_cast<int>(keypoints.size()),
                               directions.data());
  for (size_t i = 0; i < keypoints.size(); ++i) {
    keypoints[i].angle = AngleOf(directions[2 * i], directions[2 * i + 1]);
  }
}

void OrientedNetwork::DescribeMaps(const std::vector<float>& maps,
                                   std::span<const Keypoint> keypoints,
                                   float* out) const {
  std::vector<float> turned(maps.size());
  const size_t size = map_.Size();
  for (size_t i = 0; i < keypoints.size(); ++i) {
    TurnMap(map_, maps.data() + i * size, keypoints[i].angle,
            turned.data() + i * size);
  }
  descriptor_.RunChannelsLast(turned.data(), static_cast<int>(keypoints.size()),
                              out);
}

DescriptorMatrix OrientedNetwork::Empty(size_t keypoints) const {
  DescriptorMatrix result;
  result.rows = static_cast<int>(keypoints);
  result.cols = OutputShape(descriptor_.model().spec).Size();
  result.data.resize(static_cast<size_t>(result.rows) * result.cols);
  return result;
}

void OrientedNetwork::Estimate(const ImagePyramid& pyramid,
                               std::span<Keypoint> keypoints) const {
  ForBatches(keypoints.size(), trunk_.Batch(), [&](int first, int count) {
    const std::span<Keypoint> batch = keypoints.subspan(first, count);
    Orient(Maps(pyramid, batch), batch);
  });
}

DescriptorMatrix OrientedNetwork::Describe(
    const ImagePyramid& pyramid, std::span<const Keypoint> keypoints) const {
  DescriptorMatrix result = Empty(keypoints.size());
  ForBatches(keypoints.size(), trunk_.Batch(), [&](int first, int count) {
    const std::span<const Keypoint> batch = keypoints.subspan(first, count);
    DescribeMaps(Maps(pyramid, batch), batch, result.Row(first));
  });
  return result;
}

DescriptorMatrix OrientedNetwork::OrientAndDescribe(
    const ImagePyramid& pyramid, std::span<Keypoint> keypoints) const {
  DescriptorMatrix result = Empty(keypoints.size());
  ForBatches(keypoints.size(), trunk_.Batch(), [&](int first, int count) {
    const std::span<Keypoint> batch = keypoints.subspan(first, count);
    const std::vector<float> maps = Maps(pyramid, batch);
    Orient(maps, batch);
    DescribeMaps(maps, batch, result.Row(first));
  });
  return result;
}

}  // namespace tiepoint
