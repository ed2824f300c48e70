// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/score_strips.h"

#include <algorithm>
#include <utility>

#include "tiepoint/base/parallel.h"
#include "tiepoint/image/filter.h"

namespace tiepoint {
namespace {

// Rows of the photograph in the lowest strip: far fewer would take hardly less
// memory, with the rows around them, and much more time.
constexpr int kLowest = 64;

int64_t BytesOfRows(const RowRange& rows, int width) {
  return int64_t{4} * rows.Count() * width;
}

}  // namespace

ScoreStrips::ScoreStrips(int width, int height, const InferenceNetwork& network,
                         const ScoreStripOptions& options)
    : height_(height),
      network_(network),
      options_(options),
      max_count_(std::max(1, height / kLowest)) {
  LevelPlanner planner(width, height);
  for (const double scale : options.scales) {
    const LevelPlan level = planner.Next(scale);
    const int side = std::min(level.width, level.height);
    // Coarser: smaller.
    if (side <= std::max(options.min_level_side, options.context)) break;
    levels_.push_back(level);
    ScoreMap map;
    map.scale = level.scale;
    map.spacing = level.spacing;
    map.offset = options.context / 2;
    map.height = level.height - options.context;
    maps_.push_back(std::move(map));
  }
}

RowRange ScoreStrips::ImageRows(int i, int count) const {
  const auto at = [&](int k) {
    return static_cast<int>(int64_t{height_} * k / count);
  };
  return {at(i), at(i + 1)};
}

ScoreStrips::LevelRows ScoreStrips::RowsOf(int level,
                                           const RowRange& image_rows) const {
  const ScoreMap& map = maps_[level];
  const int height = map.height;
  const double ratio = maps_.size() > 1 ? maps_[1].scale / maps_[0].scale : 1.0;
  LevelRows rows;
  rows.maps = RowsRead(map, image_rows, options_.maxima, ratio);
  rows.scores = RowsToBlur(rows.maps, options_.score_blur, height);
  if (rows.scores.Empty()) return rows;
  const int step = network_.DenseRowStep(levels_[level].width);
  rows.scores.first = rows.scores.first / step * step;
  rows.scores.end =
      std::min((rows.scores.end + step - 1) / step * step, height);
  if (rows.scores.Count() < step) {
    rows.scores.first = std::max(0, rows.scores.first - step);
  }
  rows.levels = {rows.scores.first, rows.scores.end + options_.context};
  return rows;
}

int64_t ScoreStrips::BytesOf(const RowRange& image_rows) const {
  std::vector<LevelRows> rows;
  std::vector<RowRange> wanted;
  for (size_t k = 0; k < levels_.size(); ++k) {
    rows.push_back(RowsOf(static_cast<int>(k), image_rows));
    wanted.push_back(rows.back().levels);
  }
  const auto blurred = ScaleStrip::BlurredRows(levels_, wanted);
  int64_t kept = 0, most = 0, octave = 0;
  for (size_t k = 0; k < levels_.size(); ++k) {
    const LevelPlan& level = levels_[k];
    const int width = level.width, map_width = width - options_.context;
    // As Make and ScaleStrip hold them.
    if (level.blur > 0) {
      const int64_t next = BytesOfRows(
          blurred[k], ResampledSize(width, 1 / level.octave_spacing) + 1);
      most = std::max(most, kept + octave + next);
      octave = next;
    }
    const int64_t pixels = BytesOfRows(rows[k].levels, width);
    const int64_t scores = BytesOfRows(rows[k].scores, map_width);
    const int64_t map = BytesOfRows(rows[k].maps, map_width);
    most = std::max(
        {most, kept + octave + pixels + scores, kept + octave + scores + map});
    kept += map;
  }
  // The maxima that are found in the maps take up to two fifths as much.
  return most + most * 2 / 5;
}

int64_t ScoreStrips::Bytes(int count) const {
  int64_t most = 0;
  for (int i = 0; i < count; ++i) {
    most = std::max(most, BytesOf(ImageRows(i, count)));
  }
  return most;
}

int64_t ScoreStrips::UsefulBytes() const {
  // Large maps are slower: what one step writes has left the cache when the
  // next reads it. Low strips are, too, where the network makes many rows
  // around them.
  const bool any_row =
      levels_.empty() || network_.DenseRowStep(levels_[0].width) == 1;
  return any_row ? kUsefulBytes / 4 : kUsefulBytes;
}

int ScoreStrips::CountWithin(int64_t bytes) const {
  for (int count = 1; count <= max_count_; ++count) {
    if (Bytes(count) <= bytes) return count;
  }
  return 0;
}

std::vector<ScoreMap> ScoreStrips::Make(const ImagePyramid& pyramid, int i,
                                        int count,
                                        std::vector<RowRange>* owned) const {
  const RowRange image_rows = ImageRows(i, count);
  std::vector<LevelRows> rows;
  std::vector<RowRange> wanted;
  owned->clear();
  for (size_t k = 0; k < levels_.size(); ++k) {
    rows.push_back(RowsOf(static_cast<int>(k), image_rows));
    wanted.push_back(rows.back().levels);
    owned->push_back(RowsOwned(maps_[k], image_rows, height_));
  }
  ScaleStrip strip(pyramid, levels_, wanted);
  std::vector<ScoreMap> maps = maps_;
  for (size_t k = 0; k < levels_.size(); ++k) {
    CheckInterrupt();
    const auto& [map_rows, score_rows, level_rows] = rows[k];
    ScoreMap& map = maps[k];
    map.first_row = map_rows.first;
    GrayImage level = strip.Next();
    if (map_rows.Empty()) {
      map.scores = GrayImage(level.width - options_.context, 0);
      continue;
    }
    NormalizeInput(network_.model(), level.pixels.data(),
                   static_cast<int>(level.pixels.size()));
    GrayImage scores;
    scores.pixels =
        network_.RunDense(level.pixels.data(), level.width, level.height,
                          &scores.width, &scores.height);
    level = {};
    map.scores = BlurRows(ViewOf(scores, score_rows.first, map.height),
                          options_.score_blur, map_rows);
  }
  return maps;
}

}  // namespace tiepoint
