// SPDX-License-Identifier: Apache-2.0
#include "training/non_keypoints.h"

#include <algorithm>
#include <cmath>

namespace tiepoint {
namespace {

constexpr double kHalfWidth = 6;  // of a descriptor's square, sigma

}  // namespace

double SquareOverlap(const Keypoint& a, const Keypoint& b) {
  const double ra = kHalfWidth * a.scale, rb = kHalfWidth * b.scale;
  const auto shared = [&](double p, double q) {
    return std::max(0.0, std::min(p + ra, q + rb) - std::max(p - ra, q - rb));
  };
  const double both = shared(a.x, b.x) * shared(a.y, b.y);
  return both / (4 * ra * ra + 4 * rb * rb - both);
}

std::vector<Keypoint> DrawNonKeypoints(std::span<const Keypoint> keypoints,
                                       std::span<const float> scales, int width,
                                       int height,
                                       const NonKeypointOptions& options,
                                       Random& random) {
  std::vector<Keypoint> drawn;
  if (scales.empty()) return drawn;
  const auto clashes = [&](const Keypoint& place) {
    const auto overlaps = [&](const Keypoint& k) {
      return SquareOverlap(place, k) > options.max_overlap;
    };
    return std::any_of(keypoints.begin(), keypoints.end(), overlaps) ||
           std::any_of(drawn.begin(), drawn.end(), overlaps);
  };
  const int attempts = options.attempts * options.count;
  for (int i = 0; i < attempts; ++i) {
    if (static_cast<int>(drawn.size()) >= options.count) break;
    Keypoint place;
    place.scale = scales[random.Integer(static_cast<int>(scales.size()))];
    const double r = options.border * place.scale - 0.5;
    const double u = random.Uniform(), v = random.Uniform();
    if (width - 1 < 2 * r || height - 1 < 2 * r) continue;
    place.x = static_cast<float>(r + u * (width - 1 - 2 * r));
    place.y = static_cast<float>(r + v * (height - 1 - 2 * r));
    if (!clashes(place)) drawn.push_back(place);
  }
  return drawn;
}

}  // namespace tiepoint
