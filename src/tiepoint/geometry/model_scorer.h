// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

struct ModelScore {
  double quality = 0;   // sum of weight (1 - loss); magsac_score.h
  int num_inliers = 0;  // within max_error
};

// Scores essential matrices of a search, many a millisecond: in floats, blocks
// of pairs side by side, and only until it is clear that a model is not worth
// it. That is when it can no longer beat the score to beat, or when it has so
// few inliers that it is A times more likely a model of wrong samples than one
// as good as the best (Wald's sequential test; its two shares of inliers are
// learnt as the search goes on).
class ModelScorer {
 public:
  static constexpr int kBlock = 64;  // pairs

  // `normalized` in random order, one weight each. Lengths in pixels.
  ModelScorer(std::span<const PointPair> normalized,
              std::span<const double> weights, const PinholeCamera& camera1,
              const PinholeCamera& camera2, double max_error, double cutoff);

  // Nothing when given up.
  std::optional<ModelScore> Score(const Matrix3& essential, double to_beat);
  // Never given up.
  ModelScore FullScore(const Matrix3& essential) const;

  // The best model so far has so many inliers.
  void SetBest(int num_inliers);

 private:
  template <typename GiveUp>
  std::optional<ModelScore> Sum(const Matrix3& essential,
                                const GiveUp& give_up) const;

  int count_;
  std::vector<float> x1_, y1_, x2_, y2_, weights_;  // padded to whole blocks
  std::vector<double> remaining_;  // sum of weights from each block on
  std::array<float, 4> by_;        // cutoff^2 / f^2 of x2, y2, x1, y1
  float inlier_share_;             // (max_error / cutoff)^2
  double best_share_ = 0;          // of inliers; 0: no model yet
  // Pairs seen of models given up, and inliers among them.
  double seen_ = 100, hits_ = 3;
};

}  // namespace tiepoint
