// SPDX-License-Identifier: Apache-2.0
// The points that the networks learn from.
#pragma once

#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/features/score_maps.h"
#include "tiepoint/image/scale_space.h"
#include "training/view_pair.h"

namespace tiepoint {

// Blobs and corners without any learning, to begin with: maxima over position
// and scale of the determinant of the Hessian (Lindeberg 1998), scale =
// sigma of a Gaussian blob. Strongest first, at most `count`. Of `options` the
// prominence is not used.
std::vector<Keypoint> FindHessianPoints(const std::vector<ScaleLevel>& levels,
                                        int count, MaximaOptions options);

// For blobs well apart, each at its own scale: none on the finest level.
inline MaximaOptions SparseMaxima() {
  MaximaOptions options;
  options.radius = 2;
  options.finest_levels = false;
  return options;
}

std::vector<ScaleLevel> MakeScaleLevels(const ImagePyramid& pyramid,
                                        const ScaleSpaceOptions& options);

// One physical point in both views; the angles are those of one direction in
// the photograph.
struct PointInViews {
  Keypoint first, second;
  // The points of the second view hold one at this place and scale, too.
  bool repeated = false;
};

struct PointOptions {
  // Squares of this half width (sigma) lie inside both views.
  double border = 6.0;
  // Two chosen points are at least this far apart (sigma of the smaller),
  // unless their scales differ by more than 1.5.
  double spacing = 1.5;
};

// Points detected in either view that both views show, in random order.
std::vector<PointInViews> FindPointsInViews(
    const ViewPair& views, const std::vector<Keypoint>& in_first,
    const std::vector<Keypoint>& in_second, const PointOptions& options,
    Random& random);

}  // namespace tiepoint
