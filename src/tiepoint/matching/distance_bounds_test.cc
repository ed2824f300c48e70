// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/matching/distance_bounds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

constexpr ProductPrecision kAll[] = {ProductPrecision::kInt8,
                                     ProductPrecision::kBfloat16,
                                     ProductPrecision::kFloat};

// Calls visit(row of the first, row of the second, bound).
template <typename Visit>
void ForEachBound(const DescriptorMatrix& a, const DescriptorMatrix& b,
                  ProductPrecision precision, const Visit& visit) {
  const DistanceBounds bounds(a, b, precision);
  if (precision != ProductPrecision::kBfloat16) {  // not every processor has it
    EXPECT_EQ(bounds.precision(), precision);
  }
  const auto work = bounds.MakeWorkspace();
  for (int block = 0; block < bounds.RowBlocks(); ++block) {
    bounds.SetBlock(*work, block);
    for (int t = 0; t < bounds.Tiles(); ++t) {
      const DistanceBounds::Tile tile = bounds.Compute(*work, t);
      for (int r = 0; r < DistanceBounds::kRows; ++r) {
        for (int c = 0; c < DistanceBounds::kColumns; ++c) {
          visit(block * DistanceBounds::kRows + r,
                t * DistanceBounds::kColumns + c,
                tile.row_bounds[r] + tile.column_bounds[c] -
                    tile.factor *
                        tile.products[r * DistanceBounds::kColumns + c]);
        }
      }
    }
  }
}

double SquaredDistance(const float* a, const float* b, int size) {
  double sum = 0;
  for (int k = 0; k < size; ++k) {
    const double d = static_cast<double>(a[k]) - b[k];
    sum += d * d;
  }
  return sum;
}

// Rows of lengths between 0 and 10 times the unit.
DescriptorMatrix Uneven(int rows, int cols, uint64_t seed) {
  Random random(seed);
  DescriptorMatrix result{rows, cols, {}};
  for (int i = 0; i < rows; ++i) {
    const double length = i % 7 == 0 ? 0 : random.Uniform(0.01, 10);
    for (int k = 0; k < cols; ++k) {
      result.data.push_back(
          static_cast<float>(length * random.Normal() / std::sqrt(cols)));
    }
  }
  return result;
}

DescriptorMatrix Bytes(int rows, int cols, uint64_t seed) {
  Random random(seed);
  DescriptorMatrix result{rows, cols, {}};
  for (int i = 0; i < rows * cols; ++i) {
    result.data.push_back(static_cast<float>(random.Integer(256)));
  }
  return result;
}

TEST(DistanceBounds, NeverExceedTheDistanceAndAreNear) {
  for (const int cols : {1, 17, 128, 300}) {
    const DescriptorMatrix a = Uneven(70, cols, 1), b = Uneven(530, cols, 2);
    for (const ProductPrecision precision : kAll) {
      SCOPED_TRACE(NameOf(precision) + " of " + std::to_string(cols));
      // 8 bits, 8 bits of mantissa, 24 bits.
      const double loose = precision == ProductPrecision::kInt8       ? 0.15
                           : precision == ProductPrecision::kBfloat16 ? 0.03
                                                                      : 0.003;
      ForEachBound(a, b, precision, [&](int i, int j, float bound) {
        if (i >= a.rows || j >= b.rows) {
          EXPECT_TRUE(std::isnan(bound));
          return;
        }
        const double d = SquaredDistance(a.Row(i), b.Row(j), cols);
        EXPECT_LE(bound, d);
        // The squares of the longest rows are about 100, with one number 1000.
        EXPECT_GE(bound, d - loose * (cols == 1 ? 1000 : 300));
      });
    }
  }
}

TEST(DistanceBounds, OfBytesAreExactInInt8) {
  for (const int cols : {32, 128}) {
    const DescriptorMatrix a = Bytes(65, cols, 3), b = Bytes(40, cols, 4);
    ForEachBound(a, b, ProductPrecision::kInt8, [&](int i, int j, float bound) {
      if (i >= a.rows || j >= b.rows) return;
      const double d = SquaredDistance(a.Row(i), b.Row(j), cols);
      EXPECT_LE(bound, d);
      EXPECT_GE(bound, d * (1 - 1e-3));
    });
  }
  const DescriptorMatrix a = Bytes(65, 512, 3), b = Bytes(40, 512, 4);
  ForEachBound(a, b, ProductPrecision::kInt8, [&](int i, int j, float bound) {
    if (i >= a.rows || j >= b.rows) return;
    EXPECT_LE(bound, SquaredDistance(a.Row(i), b.Row(j), 512));
  });
}

TEST(DistanceBounds, OfRowsThatCannotBeMatchedAreNan) {
  DescriptorMatrix a = Uneven(3, 16, 5), b = Uneven(4, 16, 6);
  a.Row(1)[3] = std::numeric_limits<float>::quiet_NaN();
  b.Row(2)[0] = std::numeric_limits<float>::infinity();
  b.Row(3)[0] = 1e30f;  // its square is not a float
  for (const ProductPrecision precision : kAll) {
    ForEachBound(a, b, precision, [&](int i, int j, float bound) {
      if (i >= a.rows || j >= b.rows) return;
      EXPECT_EQ(std::isnan(bound), i == 1 || j >= 2) << i << " " << j;
      if (!std::isnan(bound)) {
        EXPECT_LE(bound, SquaredDistance(a.Row(i), b.Row(j), 16));
      }
    });
  }
}

}  // namespace
}  // namespace tiepoint
