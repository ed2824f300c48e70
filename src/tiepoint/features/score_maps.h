// SPDX-License-Identifier: Apache-2.0
// From score maps over scale space to keypoints: LIFT's non-maximum
// suppression, edge test and sub-pixel step (spec section 9, steps 4-6).
#pragma once

#include <optional>
#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/image/gray_image.h"
#include "tiepoint/image/rows.h"

namespace tiepoint {

// The scores of one level. scores.At(i, j) belongs to the level pixel
// (i + offset, j + offset): a "valid" convolution of kernel k has offset
// (k - 1) / 2. Image position: (p + 0.5) spacing - 0.5.
struct ScoreMap {
  GrayImage scores;
  double scale = 1;
  double spacing = 1;
  int offset = 0;
  // Where a map is worked in strips: `scores` holds rows from this one on of a
  // map of so many rows (0: all of them).
  int first_row = 0;
  int height = 0;

  // Rows counted from the top of the whole map.
  RowsView View() const {
    return ViewOf(scores, first_row, height > 0 ? height : scores.height);
  }
  double ImageFromMap(double v) const {
    return (v + offset + 0.5) * spacing - 0.5;
  }
  double MapFromImage(double v) const {
    return (v + 0.5) / spacing - 0.5 - offset;
  }
};

struct MaximaOptions {
  // A keypoint is the maximum of the (2 radius + 1)^2 window on its level, and
  // exceeds that window on this many levels above and below. LIFT takes 3 and
  // 2, which finds less than half as many points on the same scores, and they
  // repeat less: docs/experiments.md, "Non-maximum suppression".
  int radius = 1;
  int neighbour_levels = 1;
  // Whether the finest levels, which lack finer ones, hold keypoints too: those
  // that exceed the coarser levels. Else a small structure, whose best scale is
  // finer than all, is found only where noise makes it a maximum.
  bool finest_levels = true;
  // Largest ratio of principal curvatures; points on edges exceed it.
  // tr^2 / det of the Hessian must be in [0, (r + 1)^2 / r).
  double edge_ratio = 10;
  // A maximum stands out from the lowest score of its window by at least this
  // much. Scores follow the contrast of the photograph: the value is far below
  // any visible structure and far above the float noise of a blank wall.
  float min_prominence = 1e-3f;
  // A sub-pixel step longer than this on any axis discards the point.
  double max_step = 1.5;
};

// Where few keypoints are wanted, only the most promising maxima need be looked
// at closely: `count` of them (0: all), those with the largest
// (score of the pixel - base) * scale^scale_power.
struct MaximaBudget {
  int count = 0;
  double base = 0, scale_power = 0;
};

// `maps`: one a level, finest first, scales growing by a constant factor. The
// last `neighbour_levels` levels only judge their neighbours (the first ones
// too, without `finest_levels`). A keypoint of the finest or the coarsest level
// has the scale of the level.
// Score: the value of the fitted quadratic at the refined place. Strongest
// first; equal scores by y, x, scale. Angle 0. One structure is one keypoint:
// of those less than a level pixel and a level apart the strongest stays.
//
// Two departures from LIFT. Neighbouring levels are read at exact positions
// (bicubic) where derivatives over scale are taken, so nothing depends on how
// positions round. And the place within a level is the maximum of the quartic
// through 5 x 5 scores, found by Newton steps, which leaves a tenth of the bias
// of one three-point step.
std::vector<Keypoint> FindMaxima(const std::vector<ScoreMap>& maps,
                                 const MaximaOptions& options,
                                 const MaximaBudget& budget = {});

// FindMaxima on strips of the maps, one after the other: the same keypoints, to
// the last bit.
class MaximaSearch {
 public:
  explicit MaximaSearch(const MaximaOptions& options,
                        const MaximaBudget& budget = {});

  // Looks for maxima in some `rows` of each map. Every row of every level is to
  // be given once, together with those that RowsRead names. The order of strips
  // does not matter.
  void Add(const std::vector<ScoreMap>& maps,
           const std::vector<RowRange>& rows);
  std::vector<Keypoint> Keypoints() const;
  // Did the budget leave out none?
  bool Complete() const { return complete_; }

  // A pixel of a level that exceeds its neighbours.
  struct Peak {
    int level = 0, x = 0, y = 0;
    double promise = 0;
    bool refined = false;
    std::optional<Keypoint> keypoint;
  };

 private:
  MaximaOptions options_;
  MaximaBudget budget_;
  std::vector<Peak> peaks_;
  bool complete_ = true;
  // Of the maps.
  int num_levels_ = 0;
  double pixels_ = 1, level_ratio_ = 1, coarsest_scale_ = 1;
};

// The rows of a map in which maxima are to be looked for where its photograph,
// of `image_height` rows, is worked in strips: each row belongs to one strip.
RowRange RowsOwned(const ScoreMap& map, const RowRange& image_rows,
                   int image_height);
// The rows that are read for all levels' maxima of a strip; `level_ratio`: of
// the scales of neighbouring levels.
RowRange RowsRead(const ScoreMap& map, const RowRange& image_rows,
                  const MaximaOptions& options, double level_ratio);

// Strongest first; equal scores by y, x, scale.
void SortByScore(std::vector<Keypoint>& keypoints);

// The `count` strongest of the sorted `keypoints` (all when count is 0).
void KeepStrongest(std::vector<Keypoint>& keypoints, int count);

}  // namespace tiepoint
