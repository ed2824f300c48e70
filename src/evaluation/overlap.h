// SPDX-License-Identifier: Apache-2.0
// Overlap of elliptic regions (Mikolajczyk et al., A Comparison of Affine
// Region Detectors, IJCV 2005): what two detections must share to count as the
// same one.
#pragma once

#include <span>
#include <vector>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// All (u, v) with a (u-x)^2 + 2 b (u-x)(v-y) + c (v-y)^2 <= 1.
struct Ellipse {
  double x = 0, y = 0;
  double a = 1, b = 0, c = 1;

  double Radius() const;     // of the circle of the same area
  double HalfWidth() const;  // of the bounding box
  double HalfHeight() const;
  Ellipse Enlarged(double factor) const;  // about its centre
};

Ellipse Circle(double x, double y, double radius);

// The ellipse under the affine map that the homography is at its centre:
// M' = (A M^-1 A^T)^-1.
Ellipse Projected(const Ellipse& ellipse, const Matrix3& homography);

// 1 - intersection / union, in [0, 1]; to 0.001, from exact chords on lines
// through both ellipses.
double OverlapError(const Ellipse& first, const Ellipse& second);

// How regions are enlarged, both by one factor and each about its centre,
// before they are compared.
enum class RegionSize {
  kRadius30,  // so that the first has radius 30 (repeatability)
  kFactor3,   // three times (descriptors)
};

struct RegionPair {
  int i = 0, j = 0;
  double error = 0;
  bool operator==(const RegionPair&) const = default;
};

// All pairs with an overlap error below `max_error`, of regions of which the
// centres are closer than 4 radii of the first; by i, then j. Both sets are in
// the same picture.
std::vector<RegionPair> OverlappingRegions(std::span<const Ellipse> first,
                                           std::span<const Ellipse> second,
                                           RegionSize size, double max_error);

// Each i and each j at most once: greedy by increasing error, ties to the lower
// i, then j. Ordered by error.
std::vector<RegionPair> OneToOne(std::vector<RegionPair> pairs);

}  // namespace tiepoint
