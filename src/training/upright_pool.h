// SPDX-License-Identifier: Apache-2.0
// Pairs of upright log-polar patches, made once and seen many times: to make
// views, light and patches takes longer than to learn from them.
#pragma once

#include <cstdint>
#include <vector>

#include "training/patch_batches.h"

namespace tiepoint {

// What a network learns from: count x size x size, normalised.
struct UprightBatch {
  int count = 0;
  std::vector<float> first, second;
  std::vector<float> turn;  // radians, angle in second minus angle in first
};

class UprightPool {
 public:
  // Makes `pairs` pairs (rounded up to whole batches of the makers, each of
  // which makes its share), on all threads. None: every batch is made when it
  // is asked for, by the one maker. Makers and `model` outlive this. `model`
  // gives normalisation and geometry, which must be log-polar.
  UprightPool(std::vector<const BatchMaker*> makers, int batch, int pairs,
              const Model& model);

  // Batch `index` of the seed: the same each time. From a pool: pairs drawn
  // from all of it, first and second as it falls, each patch turned by whole
  // columns.
  UprightBatch Draw(uint64_t seed, uint64_t index) const;

 private:
  void Append(const UprightPairs& from, int pair, Random& random, bool turned,
              UprightBatch& batch) const;

  std::vector<const BatchMaker*> makers_;
  const Model& model_;
  int batch_, size_;
  PatchGeometry geometry_;
  std::vector<UprightPairs> made_;
};

}  // namespace tiepoint
