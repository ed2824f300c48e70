// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/score_maps.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <unordered_map>

#include "tiepoint/base/parallel.h"
#include "tiepoint/features/mark_peaks.h"
#include "tiepoint/features/refine_maximum.h"

namespace tiepoint {
namespace {

// Equal scores (a structure exactly between two pixels) go to the first in
// raster order, so that neither is lost.
bool IsLevelMaximum(const RowsView& scores, int x, int y, int radius,
                    float min_prominence) {
  const float peak = scores.At(x, y);
  float lowest = peak;
  // The nearest rows first: they refuse most pixels at once.
  for (int step = 0; step <= 2 * radius; ++step) {
    const int dy = step % 2 ? -(step + 1) / 2 : step / 2;
    const float* row = scores.Row(y + dy) + x;
    for (int dx = -radius; dx <= radius; ++dx) {
      if (dx == 0 && dy == 0) continue;
      const bool earlier = dy < 0 || (dy == 0 && dx < 0);
      if (!(row[dx] < peak || (row[dx] == peak && !earlier))) return false;
      lowest = std::min(lowest, row[dx]);
    }
  }
  return peak - lowest >= min_prominence;
}

// Whether `peak` exceeds the whole window of the level `other` around the place
// of (x, y); the finer of two equal levels wins. Places outside the other map
// do not object.
bool ExceedsLevel(const ScoreMap& map, const ScoreMap& other, int x, int y,
                  int radius) {
  const float peak = map.View().At(x, y);
  const int u =
      static_cast<int>(std::lround(other.MapFromImage(map.ImageFromMap(x))));
  const int v =
      static_cast<int>(std::lround(other.MapFromImage(map.ImageFromMap(y))));
  const RowsView s = other.View();
  const bool finer = other.spacing < map.spacing;
  for (int j = std::max(v - radius, 0); j <= std::min(v + radius, s.height - 1);
       ++j) {
    for (int i = std::max(u - radius, 0);
         i <= std::min(u + radius, s.width - 1); ++i) {
      if (!(s.At(i, j) < peak || (s.At(i, j) == peak && !finer))) return false;
    }
  }
  return true;
}

// Map pixels at the border that hold no keypoint: the quartic needs two.
int Margin(const MaximaOptions& options) { return std::max(options.radius, 2); }

using Peak = MaximaSearch::Peak;

std::vector<Peak> PeaksOfRow(const std::vector<ScoreMap>& maps, int level,
                             int y, const MaximaOptions& options,
                             const MaximaBudget& budget) {
  const ScoreMap& map = maps[level];
  const RowsView scores = map.View();
  const double by_scale = std::pow(map.scale, budget.scale_power);
  const int r = options.radius;
  const int margin = Margin(options);
  std::vector<Peak> found;
  const int width = scores.width;
  if (width <= 2 * margin) return found;
  std::vector<int> may_be(width);
  MarkPeaks(scores.Row(y - 1) + margin, scores.Row(y) + margin,
            scores.Row(y + 1) + margin, width - 2 * margin,
            may_be.data() + margin);
  for (int x = margin; x < width - margin; ++x) {
    if (r > 0 && may_be[x] == 0) continue;
    if (!IsLevelMaximum(scores, x, y, r, options.min_prominence)) continue;
    bool highest = true;
    for (int k = 1; k <= options.neighbour_levels && highest; ++k) {
      highest = (k > level || ExceedsLevel(map, maps[level - k], x, y, r)) &&
                ExceedsLevel(map, maps[level + k], x, y, r);
    }
    if (!highest) continue;
    Peak& peak = found.emplace_back();
    peak.level = level;
    peak.x = x;
    peak.y = y;
    peak.promise = (scores.At(x, y) - budget.base) * by_scale;
  }
  return found;
}

// Whether some had to go.
bool KeepPromising(std::vector<Peak>& peaks, int count) {
  if (count <= 0 || static_cast<int>(peaks.size()) <= count) return false;
  std::nth_element(peaks.begin(), peaks.begin() + count, peaks.end(),
                   [](const Peak& a, const Peak& b) {
                     return std::tie(b.promise, a.level, a.y, a.x) <
                            std::tie(a.promise, b.level, b.y, b.x);
                   });
  peaks.resize(count);
  return true;
}

// A structure half way between two levels may be a maximum on both, and refined
// to one place and scale: of keypoints less than one level pixel and one level
// apart only the strongest stays. `keypoints`: strongest first; `pixels`: a
// level pixel at scale 1.
std::vector<Keypoint> WithoutTwins(const std::vector<Keypoint>& keypoints,
                                   double pixels, double level_ratio,
                                   double coarsest_scale) {
  // No twin is farther than the next cell.
  const double cell = coarsest_scale * pixels * level_ratio * level_ratio;
  const auto cell_of = [cell](double v) {
    return static_cast<int64_t>(std::floor(v / cell));
  };
  const auto key_of = [](int64_t i, int64_t j) { return (i << 32) + j; };
  std::unordered_map<int64_t, std::vector<Keypoint>> kept_in;
  std::vector<Keypoint> kept;
  for (const Keypoint& k : keypoints) {
    const auto is_twin = [&](const Keypoint& other) {
      const double ratio = k.scale / other.scale;
      return std::hypot(k.x - other.x, k.y - other.y) < pixels * k.scale &&
             ratio < level_ratio && ratio * level_ratio > 1;
    };
    const int64_t i = cell_of(k.x), j = cell_of(k.y);
    bool twin = false;
    for (int n = 0; n < 9 && !twin; ++n) {
      const auto near = kept_in.find(key_of(i - 1 + n % 3, j - 1 + n / 3));
      twin = near != kept_in.end() &&
             std::any_of(near->second.begin(), near->second.end(), is_twin);
    }
    if (twin) continue;
    kept_in[key_of(i, j)].push_back(k);
    kept.push_back(k);
  }
  return kept;
}

// Rows of a level that are read around one of its own and around what lies on a
// neighbouring level, whose pixels are `ratio` times as large at most: 3.5 of
// those for derivatives there (RefineMaximum), the window or the taps of cubic
// convolution here, and the rounding of places.
int Reach(const MaximaOptions& options, double ratio) {
  return static_cast<int>(std::ceil((options.max_step + 2) * ratio)) +
         std::max(Margin(options), 3) + 2;
}

}  // namespace

RowRange RowsOwned(const ScoreMap& map, const RowRange& image_rows,
                   int image_height) {
  const auto row_at = [&](int y) {
    return static_cast<int>(std::ceil(map.MapFromImage(y - 0.5)));
  };
  const int height = map.View().height;
  return Inside(
      {image_rows.first <= 0 ? 0 : row_at(image_rows.first),
       image_rows.end >= image_height ? height : row_at(image_rows.end)},
      height);
}

RowRange RowsRead(const ScoreMap& map, const RowRange& image_rows,
                  const MaximaOptions& options, double level_ratio) {
  const int reach = Reach(options, level_ratio);
  return Inside(
      {static_cast<int>(std::floor(map.MapFromImage(image_rows.first - 0.5))) -
           reach,
       static_cast<int>(std::ceil(map.MapFromImage(image_rows.end - 0.5))) +
           reach},
      map.View().height);
}

MaximaSearch::MaximaSearch(const MaximaOptions& options,
                           const MaximaBudget& budget)
    : options_(options), budget_(budget) {}

void MaximaSearch::Add(const std::vector<ScoreMap>& maps,
                       const std::vector<RowRange>& rows) {
  if (maps.empty()) return;
  pixels_ = maps.front().spacing / maps.front().scale;
  coarsest_scale_ = maps.back().scale;
  num_levels_ = static_cast<int>(maps.size());
  if (num_levels_ > 1) level_ratio_ = maps[1].scale / maps[0].scale;

  const int margin = Margin(options_);
  const int first = options_.finest_levels ? 0 : options_.neighbour_levels;
  const int end = num_levels_ - options_.neighbour_levels;
  for (int level = first; level < end; ++level) {
    const int height = maps[level].View().height;
    const int top = std::max(rows[level].first, margin);
    const int count = std::min(rows[level].end, height - margin) - top;
    if (count <= 0) continue;
    std::vector<std::vector<Peak>> found(count);
    ParallelFor(count, [&](int i) {
      found[i] = PeaksOfRow(maps, level, top + i, options_, budget_);
    });
    for (const auto& row : found) {
      peaks_.insert(peaks_.end(), row.begin(), row.end());
    }
  }
  if (KeepPromising(peaks_, budget_.count)) complete_ = false;
  // While the maps are here.
  ParallelFor(static_cast<int>(peaks_.size()), [&](int i) {
    Peak& peak = peaks_[i];
    if (peak.refined) return;
    peak.refined = true;
    peak.keypoint = RefineMaximum(maps, peak.level, peak.x, peak.y, options_);
  });
}

std::vector<Keypoint> MaximaSearch::Keypoints() const {
  std::vector<Keypoint> keypoints;
  for (const Peak& peak : peaks_) {
    if (peak.keypoint) keypoints.push_back(*peak.keypoint);
  }
  SortByScore(keypoints);
  if (num_levels_ < 2) return keypoints;
  return WithoutTwins(keypoints, pixels_, level_ratio_, coarsest_scale_);
}

std::vector<Keypoint> FindMaxima(const std::vector<ScoreMap>& maps,
                                 const MaximaOptions& options,
                                 const MaximaBudget& budget) {
  std::vector<RowRange> rows;
  rows.reserve(maps.size());
  for (const ScoreMap& map : maps) rows.push_back({0, map.View().height});
  MaximaSearch search(options, budget);
  search.Add(maps, rows);
  return search.Keypoints();
}

void SortByScore(std::vector<Keypoint>& keypoints) {
  std::sort(keypoints.begin(), keypoints.end(),
            [](const Keypoint& a, const Keypoint& b) {
              return std::tie(b.score, a.y, a.x, a.scale) <
                     std::tie(a.score, b.y, b.x, b.scale);
            });
}

void KeepStrongest(std::vector<Keypoint>& keypoints, int count) {
  if (count > 0 && static_cast<int>(keypoints.size()) > count) {
    keypoints.resize(count);
  }
}

}  // namespace tiepoint
