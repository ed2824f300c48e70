// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace tiepoint {

// One plane of intensities, nominally 0..255 (16-bit files are scaled to this
// range), row-major without padding. The centre of the first pixel is (0, 0).
struct GrayImage {
  int width = 0;
  int height = 0;
  std::vector<float> pixels;  // height x width

  GrayImage() = default;
  GrayImage(int w, int h, float value = 0)
      : width(w), height(h), pixels(static_cast<size_t>(w) * h, value) {}

  bool Empty() const { return pixels.empty(); }
  float* Row(int y) { return pixels.data() + static_cast<size_t>(y) * width; }
  const float* Row(int y) const {
    return pixels.data() + static_cast<size_t>(y) * width;
  }
  float& At(int x, int y) { return Row(y)[x]; }
  float At(int x, int y) const { return Row(y)[x]; }
};

}  // namespace tiepoint
