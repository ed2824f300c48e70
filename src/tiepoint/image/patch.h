// SPDX-License-Identifier: Apache-2.0
// Patches around keypoints: what the orientation and descriptor networks see.
#pragma once

#include <cstdint>
#include <string>

#include "tiepoint/image/pyramid.h"

namespace tiepoint {

// How a patch is laid over a keypoint of scale sigma and angle a.
//  kCartesian: size x size pixels over the square of half width
//    support * sigma, turned by a. Pixel (i, j) lies at
//    p + sigma * support * R(a) ((2 i + 1) / size - 1, (2 j + 1) / size - 1).
//    A centre_shift of c pixels puts p at pixel ((size - 1) / 2 + c, the same)
//    instead: networks of others count from other corners.
//  kLogPolar: row j is a ring of radius sigma * inner * (support /
//    inner)^(j / (size - 1)), column i the direction a + 2 pi i / size: a turn
//    of the keypoint shifts the columns (after Ebel et al., ICCV 2019).
// R(a) = [cos a, -sin a; sin a, cos a], image axes (y down).
struct PatchGeometry {
  enum class Grid { kCartesian, kLogPolar };
  Grid grid = Grid::kCartesian;
  int size = 64;
  double support = 6.0;     // in sigma
  double inner = 1.0;       // kLogPolar: innermost radius, in sigma
  double centre_shift = 0;  // kCartesian: patch pixels

  // Empty when usable, else one sentence.
  std::string Validate() const;
};

// Writes size * size intensities (0..255), row-major, to `patch`. Parts outside
// the image are filled by reflection.
void SamplePatch(const ImagePyramid& pyramid, double x, double y, double scale,
                 double angle, const PatchGeometry& geometry, float* patch);

// The same, rounded to 8 bits.
void SampleBytes(const ImagePyramid& pyramid, double x, double y, double scale,
                 double angle, const PatchGeometry& geometry, uint8_t* patch);

}  // namespace tiepoint
