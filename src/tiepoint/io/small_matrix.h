// SPDX-License-Identifier: Apache-2.0
// 3 x 3 matrices, row-major, for the sources of this layer.
#pragma once

#include <array>

namespace tiepoint {

using SmallMatrix = std::array<double, 9>;

inline SmallMatrix Transposed(const SmallMatrix& m) {
  return {m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]};
}

inline SmallMatrix Product(const SmallMatrix& a, const SmallMatrix& b) {
  SmallMatrix product{};
  for (int i = 0; i < 9; ++i) {
    for (int k = 0; k < 3; ++k)
      product[i] += a[i / 3 * 3 + k] * b[k * 3 + i % 3];
  }
  return product;
}

inline SmallMatrix Inverse(const SmallMatrix& m) {
  SmallMatrix inverse;
  for (int i = 0; i < 9; ++i) {
    const int r = i % 3, c = i / 3;  // of the cofactor
    const auto at = [&](int dr, int dc) {
      return m[(r + dr) % 3 * 3 + (c + dc) % 3];
    };
    inverse[i] = at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1);
  }
  const double determinant =
      m[0] * inverse[0] + m[1] * inverse[3] + m[2] * inverse[6];
  for (double& value : inverse) value /= determinant;
  return inverse;
}

// Moves pixels by so much, in x and y.
constexpr SmallMatrix Shift(double by) { return {1, 0, by, 0, 1, by, 0, 0, 1}; }

}  // namespace tiepoint
