// SPDX-License-Identifier: Apache-2.0
#include "training/training_points.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiepoint/image/filter.h"

namespace tiepoint {
namespace {

ScoreMap HessianScores(const ScaleLevel& level) {
  // From the level's blur of one pixel to the sigma of its scale.
  const double blur = std::sqrt(kPixelsPerScale * kPixelsPerScale - 1);
  const GrayImage g = GaussianBlur(level.image, blur);
  ScoreMap map;
  map.scale = level.scale;
  map.spacing = level.spacing;
  map.offset = 1;
  if (g.width < 3 || g.height < 3) return map;
  map.scores = GrayImage(g.width - 2, g.height - 2);
  for (int y = 1; y + 1 < g.height; ++y) {
    for (int x = 1; x + 1 < g.width; ++x) {
      const float xx = g.At(x - 1, y) + g.At(x + 1, y) - 2 * g.At(x, y);
      const float yy = g.At(x, y - 1) + g.At(x, y + 1) - 2 * g.At(x, y);
      const float xy = (g.At(x - 1, y - 1) + g.At(x + 1, y + 1) -
                        g.At(x - 1, y + 1) - g.At(x + 1, y - 1)) /
                       4;
      map.scores.At(x - 1, y - 1) = xx * yy - xy * xy;
    }
  }
  return map;
}

bool Inside(const Keypoint& k, double border, int width, int height) {
  const double r = border * k.scale;
  return k.x >= r && k.y >= r && k.x <= width - 1 - r && k.y <= height - 1 - r;
}

bool SamePlace(const Keypoint& a, const Keypoint& b, double pixels,
               double scale_ratio) {
  const double ratio = a.scale / b.scale;
  return std::hypot(a.x - b.x, a.y - b.y) <= pixels && ratio <= scale_ratio &&
         ratio >= 1 / scale_ratio;
}

}  // namespace

std::vector<ScaleLevel> MakeScaleLevels(const ImagePyramid& pyramid,
                                        const ScaleSpaceOptions& options) {
  std::vector<ScaleLevel> levels;
  for (const double scale : options.Scales()) {
    ScaleLevel level = MakeScaleLevel(pyramid, scale);
    if (std::min(level.image.width, level.image.height) <= 26) break;
    levels.push_back(std::move(level));
  }
  return levels;
}

std::vector<Keypoint> FindHessianPoints(const std::vector<ScaleLevel>& levels,
                                        int count, MaximaOptions options) {
  std::vector<ScoreMap> maps;
  for (const ScaleLevel& level : levels) maps.push_back(HessianScores(level));
  options.min_prominence = 1.0f;  // gray values squared
  std::vector<Keypoint> keypoints = FindMaxima(maps, options);
  KeepStrongest(keypoints, count);
  return keypoints;
}

std::vector<PointInViews> FindPointsInViews(
    const ViewPair& views, const std::vector<Keypoint>& in_first,
    const std::vector<Keypoint>& in_second, const PointOptions& options,
    Random& random) {
  const Homography first_from_second = Inverse(views.second_from_first);
  std::vector<PointInViews> candidates;
  const auto add = [&](Keypoint first, Keypoint second,
                       const std::vector<Keypoint>& others,
                       bool seen_in_first) {
    if (!Inside(first, options.border, views.first.width, views.first.height) ||
        !Inside(second, options.border, views.second.width,
                views.second.height) ||
        std::min(first.scale, second.scale) < 0.8) {
      return;
    }
    Keypoint there = first;
    there.scale = 0.1f;
    const auto source = MapKeypoint(views.source_from_first, there);
    if (!source ||
        !Inside(*source, 20, views.source_width, views.source_height)) {
      return;  // seen through the mirrored surroundings
    }
    const Keypoint& expected = seen_in_first ? second : first;
    PointInViews point{first, second, false};
    point.repeated =
        std::any_of(others.begin(), others.end(), [&](const Keypoint& k) {
          return SamePlace(k, expected, std::max(1.5f, 0.75f * expected.scale),
                           1.5);
        });
    candidates.push_back(point);
  };
  for (Keypoint first : in_first) {
    first.angle = WrapAngle(random.Uniform(0, 2 * std::numbers::pi));
    if (const auto second = MapKeypoint(views.second_from_first, first)) {
      add(first, *second, in_second, true);
    }
  }
  for (Keypoint second : in_second) {
    second.angle = WrapAngle(random.Uniform(0, 2 * std::numbers::pi));
    if (const auto first = MapKeypoint(first_from_second, second)) {
      add(*first, second, in_first, false);
    }
  }
  for (size_t i = candidates.size(); i > 1; --i) {
    std::swap(candidates[i - 1],
              candidates[random.Integer(static_cast<int>(i))]);
  }
  std::vector<PointInViews> chosen;
  for (const PointInViews& c : candidates) {
    const bool taken =
        std::any_of(chosen.begin(), chosen.end(), [&](const PointInViews& p) {
          return SamePlace(
              p.first, c.first,
              options.spacing * std::min(p.first.scale, c.first.scale), 1.5);
        });
    if (!taken) chosen.push_back(c);
  }
  return chosen;
}

}  // namespace tiepoint
