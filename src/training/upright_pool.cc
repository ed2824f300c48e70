// SPDX-License-Identifier: Apache-2.0
#include "training/upright_pool.h"

#include <cmath>
#include <cstdio>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/features/keypoint.h"

namespace tiepoint {
namespace {

// A log-polar patch whose own angle is larger by `columns`.
void AppendTurned(const uint8_t* patch, int size, int columns,
                  const Model& model, std::vector<float>& out) {
  out.resize(out.size() + static_cast<size_t>(size) * size);
  float* to = out.data() + out.size() - static_cast<size_t>(size) * size;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      to[y * size + x] = patch[y * size + (x + columns) % size];
    }
  }
  NormalizeInput(model, to, size * size);
}

}  // namespace

UprightPool::UprightPool(std::vector<const BatchMaker*> makers, int batch,
                         int pairs, const Model& model)
    : makers_(std::move(makers)),
      model_(model),
      batch_(batch),
      size_(model.spec.input.width),
      geometry_{PatchGeometry::Grid::kLogPolar, size_,
                model.Number("support", 28), model.Number("inner", 1), 0} {
  if (model.Number("grid", 0) != 1) {
    throw InputError("patches that are turned by columns must be log-polar");
  }
  if (makers_.size() > 1 && pairs == 0) {
    throw InputError("photographs and shards together need --pool");
  }
  made_.resize((static_cast<size_t>(pairs) + batch - 1) / batch);
  ParallelFor(static_cast<int>(made_.size()), [&](int k) {
    if (InterruptRequested()) return;
    const auto i = static_cast<uint64_t>(k);
    made_[k] = makers_[i % makers_.size()]->MakeUprightPairs(i / makers_.size(),
                                                             geometry_);
  });
  CheckInterrupt();
}

void UprightPool::Append(const UprightPairs& from, int pair, Random& random,
                         bool turned, UprightBatch& batch) const {
  const size_t patch = static_cast<size_t>(pair) * size_ * size_;
  const uint8_t* first = from.first.data() + patch;
  const uint8_t* second = from.second.data() + patch;
  double turn = from.turn[pair];
  int columns1 = 0, columns2 = 0;
  if (turned) {
    if (random.Chance(0.5)) {
      std::swap(first, second);
      turn = -turn;
    }
    columns1 = random.Integer(size_);
    columns2 = random.Integer(size_);
  }
  AppendTurned(first, size_, columns1, model_, batch.first);
  AppendTurned(second, size_, columns2, model_, batch.second);
  // What is seen in a patch has its angle against that of the patch.
  const double step = 2 * std::numbers::pi / size_;
  batch.turn.push_back(
      WrapAngle(static_cast<float>(turn - step * (columns2 - columns1))));
  ++batch.count;
}

UprightBatch UprightPool::Draw(uint64_t seed, uint64_t index) const {
  UprightBatch batch;
  Random random(StreamSeed(seed, index));
  if (made_.empty()) {
    const UprightPairs pairs = makers_[0]->MakeUprightPairs(index, geometry_);
    for (int k = 0; k < pairs.count; ++k) {
      Append(pairs, k, random, false, batch);
    }
    return batch;
  }
  for (int k = 0; k < batch_; ++k) {
    const UprightPairs& from =
        made_[random.Integer(static_cast<int>(made_.size()))];
    Append(from, random.Integer(from.count), random, true, batch);
  }
  return batch;
}

}  // namespace tiepoint
