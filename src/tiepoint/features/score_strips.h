// SPDX-License-Identifier: Apache-2.0
// The score maps of a photograph, of some of its rows at a time: all that takes
// much memory of a detector on a scale space.
#pragma once

#include <cstdint>
#include <vector>

#include "tiepoint/features/score_maps.h"
#include "tiepoint/image/pyramid.h"
#include "tiepoint/image/scale_space.h"
#include "tiepoint/network/inference_network.h"

namespace tiepoint {

struct ScoreStripOptions {
  std::vector<double> scales;  // of the levels, finest first
  // Levels whose shorter side is not larger end the scale space.
  int min_level_side = 0;
  // Level pixels that one score sees, minus one.
  int context = 0;
  double score_blur = 0;
  MaximaOptions maxima;
};

// Cuts a photograph into strips of rows and makes the blurred score maps of
// each. A strip's maps hold the rows that the maxima of the strip are found
// with, the same numbers as those of the whole photograph, to the last bit.
class ScoreStrips {
 public:
  // No strips are faster than those of UsefulBytes(), and none of those takes
  // more than this.
  static constexpr int64_t kUsefulBytes = int64_t{256} << 20;

  // `network` outlives this.
  ScoreStrips(int width, int height, const InferenceNetwork& network,
              const ScoreStripOptions& options);

  int64_t UsefulBytes() const;
  // The fewest strips of equal height of which none takes more than so many
  // bytes; 0: even the lowest take more.
  int CountWithin(int64_t bytes) const;
  // The most that a strip takes when there are so many.
  int64_t Bytes(int count) const;
  // The most that a strip of the lowest takes.
  int64_t LeastBytes() const { return Bytes(max_count_); }

  // The maps of strip i of `count`, and in `owned` the rows of each in which
  // its maxima are to be looked for.
  std::vector<ScoreMap> Make(const ImagePyramid& pyramid, int i, int count,
                             std::vector<RowRange>* owned) const;

 private:
  // What is needed of each level.
  struct LevelRows {
    RowRange maps;    // blurred scores
    RowRange scores;  // before the blur, as far as the network makes them
    RowRange levels;
  };
  RowRange ImageRows(int i, int count) const;
  LevelRows RowsOf(int level, const RowRange& image_rows) const;
  int64_t BytesOf(const RowRange& image_rows) const;

  int height_;
  const InferenceNetwork& network_;
  ScoreStripOptions options_;
  std::vector<LevelPlan> levels_;
  std::vector<ScoreMap> maps_;  // without scores
  int max_count_ = 1;
};

}  // namespace tiepoint
