// SPDX-License-Identifier: Apache-2.0
// Upright log-polar patches of many keypoints: what SamplePatch gives at angle
// 0, with the sines and cosines computed once.
#pragma once

#include <vector>

#include "tiepoint/image/patch.h"

namespace tiepoint {

class PolarGrid {
 public:
  // Throws InputError when the geometry is not log-polar.
  explicit PolarGrid(const PatchGeometry& geometry);

  // Writes size * size intensities (0..255), row-major.
  void Sample(const ImagePyramid& pyramid, double x, double y, double scale,
              float* patch) const;

 private:
  struct Ring {
    double radius, spacing;  // of scale 1
  };

  int size_;
  std::vector<Ring> rings_;
  std::vector<float> cos_, sin_;  // of the columns
};

}  // namespace tiepoint
