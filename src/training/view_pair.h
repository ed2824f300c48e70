// SPDX-License-Identifier: Apache-2.0
// Two views of one photograph, related by a known homography: the supervision
// of the first training.
#pragma once

#include <array>
#include <optional>

#include "tiepoint/base/random.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/image/gray_image.h"
#include "training/photographs.h"

namespace tiepoint {

// A plane projective map, row-major, on pixels (first centre at (0, 0)).
using Homography = std::array<double, 9>;

struct ViewOptions {
  int width = 480;
  int height = 384;
  double max_tilt = 55;        // degrees out of the plane
  double max_log2_zoom = 0.9;  // either way, between the views
  double appearance = 1.0;     // strength of ChangeAppearance and Relight
  double relit = 0.7;          // share of the views in another light
};

struct ViewPair {
  GrayImage first, second;
  Homography second_from_first;
  Homography source_from_first;  // the photograph both were rendered from
  int source_width = 0, source_height = 0;
};

// Both views are turned by angles drawn from the full circle, independently;
// the second is also tilted and zoomed as a plane seen from elsewhere. The
// views are of two versions of one photograph, of one size: the same gray
// picture twice, or two mixtures of its colours.
ViewPair MakeViewPair(const GrayImage& first, const GrayImage& second,
                      const ViewOptions& options, Random& random);

// Of photograph `index`, each view with its own mixture of the colours.
ViewPair MakeViewPair(const PhotographStore& photographs, int index,
                      const ViewOptions& options, Random& random);

Homography Inverse(const Homography& h);
Homography Compose(const Homography& a, const Homography& b);  // a after b

// The keypoint seen in the other view: place by the map, scale and angle by its
// Jacobian J (scale by sqrt |det J|, angle by the rotation nearest to J).
// Empty at the horizon, or where J stretches one direction more than 4 times
// the other.
std::optional<Keypoint> MapKeypoint(const Homography& map,
                                    const Keypoint& keypoint);

// Renders `photograph` as seen through source_from_view, without aliasing.
GrayImage RenderView(const GrayImage& photograph,
                     const Homography& source_from_view, int width, int height);

}  // namespace tiepoint
