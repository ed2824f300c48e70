// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/bilinear_line.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

TEST(BilinearLine, IsTheSamplerInsideAndBeyondTheBorder) {
  Random random(1);
  GrayImage image(90, 70);
  for (float& v : image.pixels) {
    v = static_cast<float>(random.Uniform(0, 255));
  }
  const ImagePyramid pyramid(image);
  for (int trial = 0; trial < 200; ++trial) {
    constexpr int kCount = 37;
    std::vector<float> a, b;
    for (int i = 0; i < kCount; ++i) {
      a.push_back(static_cast<float>(random.Uniform(-3, 3)));
      b.push_back(static_cast<float>(random.Uniform(-3, 3)));
    }
    const SampleLine line{.x = random.Uniform(-5, 95),
                          .y = random.Uniform(-5, 75),
                          .dx = random.Uniform(-6, 6),
                          .dy = random.Uniform(-6, 6),
                          .reach = 3,
                          .a = a.data(),
                          .b = b.data(),
                          .count = kCount};
    // Also finer than the pixels and coarser than the pyramid.
    const double spacing = std::exp2(random.Uniform(-1, 6));
    // Whatever was there before.
    std::vector<float> samples(kCount, std::numeric_limits<float>::quiet_NaN());
    SampleAlong(pyramid, spacing, line, samples.data());
    const PyramidSampler sampler(pyramid, spacing);
    for (int i = 0; i < kCount; ++i) {
      ASSERT_NEAR(samples[i],
                  sampler(line.x + line.dx * a[i], line.y + line.dy * b[i]),
                  0.01)
          << trial << " " << i;
    }
  }
}

}  // namespace
}  // namespace tiepoint
