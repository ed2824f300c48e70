// SPDX-License-Identifier: Apache-2.0
// Which pairs of two sets of descriptors may be near, by a matrix product of
// little precision: the few that may are then measured exactly.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// What the product is computed in. Sums are exact enough in all of them for the
// bounds below; coarser numbers leave a few more pairs to measure.
enum class ProductPrecision {
  kFastest,  // the first of those below that this processor has instructions
             // for
  kInt8,     // steps of 1/127 of the largest number; exact for integers 0..255
  kBfloat16,
  kFloat,
};
// "fastest", "int8", "bf16", "f32".
std::string NameOf(ProductPrecision precision);

// Lower bounds of |a - b|^2 for every row a of the first and b of the second
// set:
//   |a|^2 + |b|^2 - 2 a'b - (what rounding can have added)
// where a'b comes from oneDNN's matrix product, tile by tile: never all of them
// at once. Rows that hold NaN or infinity have the bound NaN.
class DistanceBounds {
 public:
  // Rows of the first and of the second set in one tile; its products (128 KiB)
  // stay in the second-level cache.
  static constexpr int kRows = 64;
  static constexpr int kColumns = 512;

  // Both sets have the same number of columns, at least one.
  DistanceBounds(const DescriptorMatrix& first, const DescriptorMatrix& second,
                 ProductPrecision precision);
  ~DistanceBounds();
  DistanceBounds(const DistanceBounds&) = delete;
  DistanceBounds& operator=(const DistanceBounds&) = delete;

  int RowBlocks() const;  // of kRows rows of the first set
  int Tiles() const;      // of kColumns rows of the second set
  ProductPrecision precision() const;

  // What one thread writes to.
  class Workspace;
  std::shared_ptr<Workspace> MakeWorkspace() const;

  // Takes the rows of that block; then calls of Tile refer to them.
  void SetBlock(Workspace& work, int block) const;
  // One tile of the block: the bound of row r and column c of it is
  //   row_bounds[r] + column_bounds[c] - factor * products[r * kColumns + c].
  // What lies beyond the sets is NaN.
  struct Tile {
    const float* row_bounds;
    const float* column_bounds;
    const float* products;
    float factor;
  };
  Tile Compute(Workspace& work, int tile) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tiepoint
