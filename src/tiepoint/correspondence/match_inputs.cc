// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/match_inputs.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/essential.h"

namespace tiepoint {
namespace {

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
    const double log_scale =
        std::log((b.scale / Focal(camera2)) / (a.scale / Focal(camera1)));
    const auto row = MatchRow(pair.x1, pair.y1, pair.x2, pair.y2, match.ratio,
                              match.reverse_ratio, log_scale,
                              static_cast<double>(b.angle) - a.angle);
    inputs.values.insert(inputs.values.end(), row.begin(),
                         row.begin() + columns);
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
