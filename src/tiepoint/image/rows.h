// SPDX-License-Identifier: Apache-2.0
// Some rows of a picture: what is held of one that is worked in strips.
#pragma once

#include <algorithm>
#include <cstddef>

#include "tiepoint/image/gray_image.h"

namespace tiepoint {

// Rows [first, end).
struct RowRange {
  int first = 0;
  int end = 0;

  int Count() const { return end - first; }
  bool Empty() const { return end <= first; }
  bool operator==(const RowRange&) const = default;
};

// The rows of `range` that a picture of `height` rows has.
inline RowRange Inside(const RowRange& range, int height) {
  const int first = std::clamp(range.first, 0, height);
  return {first, std::clamp(range.end, first, height)};
}

// The smallest range that holds both.
inline RowRange Join(const RowRange& a, const RowRange& b) {
  if (a.Empty()) return b;
  if (b.Empty()) return a;
  return {std::min(a.first, b.first), std::max(a.end, b.end)};
}

// Rows of a picture that is `height` high, looked at and not owned. Rows are
// counted from the top of the picture.
struct RowsView {
  const float* pixels = nullptr;  // of row range.first
  int width = 0;
  int height = 0;
  RowRange range;

  const float* Row(int y) const {
    return pixels + static_cast<size_t>(y - range.first) * width;
  }
  float At(int x, int y) const { return Row(y)[x]; }
};

// A whole picture.
inline RowsView ViewOf(const GrayImage& image) {
  return {image.pixels.data(), image.width, image.height, {0, image.height}};
}
// `rows`: those of a picture of `height` rows from row `first` on.
inline RowsView ViewOf(const GrayImage& rows, int first, int height) {
  return {rows.pixels.data(), rows.width, height, {first, first + rows.height}};
}

}  // namespace tiepoint
