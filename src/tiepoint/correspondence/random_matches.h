// SPDX-License-Identifier: Apache-2.0
// For tests and benchmarks: matches of two cameras before random points.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "tiepoint/base/random.h"

namespace tiepoint {

// `count` matches of `columns` (4 or more) numbers, as MakeMatchInputs makes
// them: half of them of points 4 to 12 away before a second camera that is
// moved and turned about y, the others anywhere. Numbers behind the coordinates
// are normal. Match 2k is good.
inline std::vector<float> RandomMatches(int count, int columns, uint64_t seed) {
  Random random(seed);
  std::vector<float> inputs;
  const double cosine = std::cos(0.2), sine = std::sin(0.2);
  for (int i = 0; i < count; ++i) {
    const double x = random.Uniform(-0.6, 0.6), y = random.Uniform(-0.5, 0.5);
    const double z = random.Uniform(4, 12);
    double x2 = random.Uniform(-0.6, 0.6), y2 = random.Uniform(-0.5, 0.5);
    if (i % 2 == 0) {
      const double depth = -sine * x * z + cosine * z + 0.2;
      x2 = (cosine * x * z + sine * z - 1) / depth;
      y2 = (y * z + 0.15) / depth;
    }
    for (const double v : {x, y, x2, y2}) {
      inputs.push_back(static_cast<float>(v));
    }
    for (int c = 4; c < columns; ++c) {
      inputs.push_back(static_cast<float>(random.Normal()));
    }
  }
  return inputs;
}

}  // namespace tiepoint
