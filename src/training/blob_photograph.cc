// SPDX-License-Identifier: Apache-2.0
#include "training/blob_photograph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tiepoint/base/random.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb_image_write.h>
#pragma GCC diagnostic pop

namespace tiepoint {
namespace {

std::vector<uint8_t> Blobs(int width, int height, uint64_t seed) {
  Random random(seed);
  std::vector<double> sum(static_cast<size_t>(width) * height, 128);
  for (int blob = 0; blob < 250; ++blob) {
    const double x0 = random.Uniform(0, width), y0 = random.Uniform(0, height);
    const double sigma = std::exp2(random.Uniform(0.7, 3.3));
    const double height_of_it = random.Uniform(-80, 80);
    const int reach = static_cast<int>(3 * sigma);
    for (int y = std::max(0, int(y0) - reach);
         y < std::min(height, int(y0) + reach); ++y) {
      for (int x = std::max(0, int(x0) - reach);
           x < std::min(width, int(x0) + reach); ++x) {
        const double r = (x - x0) * (x - x0) + (y - y0) * (y - y0);
        sum[static_cast<size_t>(y) * width + x] +=
            height_of_it * std::exp(-r / (2 * sigma * sigma));
      }
    }
  }
  std::vector<uint8_t> pixels;
  for (const double v : sum) {
    pixels.push_back(static_cast<uint8_t>(std::clamp(v, 0.0, 255.0)));
  }
  return pixels;
}

}  // namespace

void WriteBlobPhotograph(const std::string& path, int width, int height,
                         uint64_t seed) {
  const std::vector<uint8_t> pixels = Blobs(width, height, seed);
  EXPECT_NE(
      stbi_write_png(path.c_str(), width, height, 1, pixels.data(), width), 0);
}

}  // namespace tiepoint
