// SPDX-License-Identifier: Apache-2.0
// Samples of a pyramid along a line or a ring, many at a time.
#pragma once

#include "tiepoint/image/pyramid.h"

namespace tiepoint {

// Sample i lies at (x + dx a[i], y + dy b[i]) image pixels, where |a| and |b|
// are at most `reach`.
struct SampleLine {
  double x, y, dx, dy, reach;
  const float* a;
  const float* b;
  int count;
};

// What PyramidSampler(pyramid, spacing) gives at each of the samples, to the
// rounding of floats.
void SampleAlong(const ImagePyramid& pyramid, double spacing,
                 const SampleLine& line, float* samples);

}  // namespace tiepoint
