// SPDX-License-Identifier: Apache-2.0
#include "evaluation/agreeing_frames.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {
namespace {

// What the homography makes of a keypoint.
struct Frame {
  double x = 0, y = 0, log_scale = 0, angle = 0;
};

Frame Moved(const Matrix3& h, const Keypoint& k) {
  const double w = h[6] * k.x + h[7] * k.y + h[8];
  const PlanePoint place = Transferred(h, k.x, k.y);
  // d place / d (x, y), times w.
  const double xx = h[0] - h[6] * place.x, xy = h[1] - h[7] * place.x;
  const double yx = h[3] - h[6] * place.y, yy = h[4] - h[7] * place.y;
  const double c = std::cos(k.angle), s = std::sin(k.angle);
  const double sign = w < 0 ? -1 : 1;
  return {
      place.x, place.y,
      std::log2(k.scale) + std::log2(std::abs(xx * yy - xy * yx) / (w * w)) / 2,
      std::atan2(sign * (yx * c + yy * s), sign * (xx * c + xy * s))};
}

}  // namespace

int CountAgreeingFrames(const PlanarPair& pair,
                        const FrameTolerance& tolerance) {
  const double radians = tolerance.degrees * std::numbers::pi / 180;
  const std::vector<Keypoint>& second = pair.Set2().keypoints;
  return static_cast<int>(std::count_if(
      pair.Set1().keypoints.begin(), pair.Set1().keypoints.end(),
      [&](const Keypoint& keypoint) {
        const Frame moved = Moved(pair.homography, keypoint);
        return std::any_of(
            second.begin(), second.end(), [&](const Keypoint& k) {
              return std::hypot(k.x - moved.x, k.y - moved.y) <=
                         tolerance.pixels &&
                     std::abs(std::log2(k.scale) - moved.log_scale) <=
                         tolerance.octaves &&
                     std::abs(WrapAngle(k.angle - moved.angle)) <= radians;
            });
      }));
}

}  // namespace tiepoint
