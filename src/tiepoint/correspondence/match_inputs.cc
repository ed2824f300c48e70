// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/match_inputs.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/essential.h"

namespace tiepoint {
namespace {

constexpr double kLargestLogScale = 3;  // a factor of 20

const Keypoint& FindKeypoint(const FeatureSet& features, int index) {
  if (index < 0 || static_cast<size_t>(index) >= features.keypoints.size()) {
    throw InputError("a match names keypoint " + std::to_string(index) +
                     ", the image has " +
                     std::to_string(features.keypoints.size()));
  }
  return features.keypoints[index];
}

double Focal(const PinholeCamera& camera) {
  return (camera.fx + camera.fy) / 2;
}

}  // namespace

MatchInputs MakeMatchInputs(const FeatureSet& first, const FeatureSet& second,
                            const std::vector<Match>& matches,
                            const PinholeCamera& camera1,
                            const PinholeCamera& camera2, int columns) {
  if (columns != kCoordinateInputs && columns != kSideInputs) {
    throw InputError("a correspondence network that reads " +
                     std::to_string(columns) + " numbers a match; " +
                     std::to_string(kCoordinateInputs) + " and " +
                     std::to_string(kSideInputs) + " are known");
  }
  if (!Usable(camera1) || !Usable(camera2)) {
    throw InputError("a camera needs finite numbers and focal lengths above 0");
  }
  MatchInputs inputs;
  inputs.columns = columns;
  inputs.normalized.reserve(matches.size());
  inputs.values.reserve(matches.size() * columns);
  for (const Match& match : matches) {
    const Keypoint& a = FindKeypoint(first, match.i);
    const Keypoint& b = FindKeypoint(second, match.j);
    const PointPair pair = Normalized({a.x, a.y, b.x, b.y}, camera1, camera2);
    inputs.normalized.push_back(pair);
    const auto add = [&](double value) {
      inputs.values.push_back(static_cast<float>(value));
    };
    for (const double v : {pair.x1, pair.y1, pair.x2, pair.y2}) add(v);
    if (columns == kCoordinateInputs) continue;
    add(std::clamp(match.ratio, 0.0f, 1.0f));
    add(std::clamp(match.reverse_ratio, 0.0f, 2.0f));
    const double log_scale =
        std::log((b.scale / Focal(camera2)) / (a.scale / Focal(camera1)));
    add(std::clamp(log_scale, -kLargestLogScale, kLargestLogScale));
    const double turn = static_cast<double>(b.angle) - a.angle;
    add(std::cos(turn));
    add(std::sin(turn));
  }
  return inputs;
}

PinholeCamera GuessedCamera(int width, int height) {
  if (width <= 0 || height <= 0) {
    throw InputError("a camera cannot be guessed for an image of " +
                     std::to_string(width) + "x" + std::to_string(height) +
                     " pixels");
  }
  const double focal = 1.2 * std::max(width, height);
  return {focal, focal, (width - 1) / 2.0, (height - 1) / 2.0};
}

}  // namespace tiepoint
