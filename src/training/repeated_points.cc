// SPDX-License-Identifier: Apache-2.0
#include "training/repeated_points.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

double Distance(const Keypoint& a, const Keypoint& b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

// The detections of a photograph in cells as large as the radius.
class DetectionGrid {
 public:
  DetectionGrid(const std::vector<Keypoint>& detections, double radius)
      : radius_(radius) {
    for (const Keypoint& k : detections) cells_[CellOf(k)].push_back(&k);
  }

  // Null when none is within the radius.
  const Keypoint* Nearest(const Keypoint& place) const {
    const auto [column, row] = CellOf(place);
    const Keypoint* nearest = nullptr;
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        const auto cell = cells_.find({column + dx, row + dy});
        if (cell == cells_.end()) continue;
        for (const Keypoint* k : cell->second) {
          const double distance = Distance(*k, place);
          if (distance <= radius_ &&
              (!nearest || distance < Distance(*nearest, place))) {
            nearest = k;
          }
        }
      }
    }
    return nearest;
  }

 private:
  std::pair<int, int> CellOf(const Keypoint& k) const {
    return {static_cast<int>(std::floor(k.x / radius_)),
            static_cast<int>(std::floor(k.y / radius_))};
  }

  double radius_;
  std::map<std::pair<int, int>, std::vector<const Keypoint*>> cells_;
};

RepeatedPoint MeanAround(const std::vector<DetectionGrid>& grids,
                         const Keypoint& place) {
  double x = 0, y = 0, scale = 0;
  RepeatedPoint mean;
  for (const DetectionGrid& grid : grids) {
    const Keypoint* nearest = grid.Nearest(place);
    if (!nearest) continue;
    ++mean.photographs;
    x += nearest->x;
    y += nearest->y;
    scale += nearest->scale;
  }
  mean.x = static_cast<float>(x / mean.photographs);
  mean.y = static_cast<float>(y / mean.photographs);
  mean.scale = static_cast<float>(scale / mean.photographs);
  return mean;
}

}  // namespace

std::vector<RepeatedPoint> FindRepeatedPoints(
    const std::vector<std::vector<Keypoint>>& detections,
    const RepeatedPointOptions& options) {
  std::vector<DetectionGrid> grids;
  std::vector<const Keypoint*> all;
  for (const std::vector<Keypoint>& some : detections) {
    grids.emplace_back(some, options.radius);
    for (const Keypoint& k : some) all.push_back(&k);
  }
  std::vector<RepeatedPoint> candidates(all.size());
  ParallelFor(static_cast<int>(all.size()),
              [&](int i) { candidates[i] = MeanAround(grids, *all[i]); });
  std::sort(candidates.begin(), candidates.end(),
            [](const RepeatedPoint& a, const RepeatedPoint& b) {
              return std::tuple(-a.photographs, a.y, a.x, a.scale) <
                     std::tuple(-b.photographs, b.y, b.x, b.scale);
            });
  std::vector<RepeatedPoint> chosen;
  for (const RepeatedPoint& c : candidates) {
    if (static_cast<int>(chosen.size()) == options.count) break;
    const bool near =
        std::any_of(chosen.begin(), chosen.end(), [&](const RepeatedPoint& p) {
          return std::hypot(p.x - c.x, p.y - c.y) <= options.spacing;
        });
    if (!near && c.photographs > 1) chosen.push_back(c);
  }
  return chosen;
}

}  // namespace tiepoint
