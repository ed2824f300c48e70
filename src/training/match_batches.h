// SPDX-License-Identifier: Apache-2.0
// Pairs of photographs as a classifier of matches looks at them: real ones, and
// made ones (Yi et al., "Learning to Find Good Correspondences", CVPR 2018,
// with endless data). A network that sees coordinates cannot tell them apart.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/network/match_row.h"
#include "training/match_set.h"

namespace tiepoint {

inline constexpr int kMatchInputs = kMatchRow;  // network/match_row.h
// Exact pairs of places that a true E is tested at.
inline constexpr int kVirtualPoints = 100;

struct MatchBatch {
  int pairs = 0, matches = 0;
  std::vector<float> inputs;  // pairs x matches x kMatchInputs
  std::vector<float> labels;  // pairs x matches: 1 right, 0 wrong, -1 between
  std::vector<float> essential;       // pairs x 9, unit norm, x2' E x1 = 0
  std::vector<float> virtual_points;  // pairs x kVirtualPoints x 4
  std::vector<float> has_pose;        // pairs: 0 where E is not determined
};

struct MatchBatchOptions {
  int pairs = 32;
  int matches = 1000;      // of a pair; drawn, some twice where there are fewer
  double synthetic = 0.5;  // share of pairs that are made
  // A match is right within so many pixels of the true epipolar lines (mean of
  // both images), wrong from `wrong` on.
  double right = 3, wrong = 4.5;
  // Share of pairs whose cameras are known badly: focal lengths off by up to
  // 1.5 times, as when they are guessed.
  double guessed_cameras = 0.25;
};

// What a made pair is made of: a photograph's keypoints with their depths, the
// errors of right matches, and the wrong matches, all of one real pair.
struct MatchModel {
  int set = 0, pair = 0;
  bool forward = true;
  std::vector<int> right, wrong;  // indices into the pair's matches
  // Of `right`: depth in the first camera (the baseline is 1), 0 where the rays
  // are too parallel to tell; and what scale and angle differ from those that
  // depth and motion predict.
  std::vector<float> depth, scale_error, angle_error;
};

// One of eight photographs of each scene is held out, with all pairs that it is
// part of. Pairs with fewer than 30 right matches are left out.
class MatchBatches {
 public:
  enum class Part { kTraining, kHeldOut, kAll };
  // `sets` outlives this. Throws InputError when no pair is left.
  MatchBatches(std::span<const MatchSet> sets, Part part,
               const MatchBatchOptions& options, uint64_t seed);

  int Pairs() const { return static_cast<int>(models_.size()); }
  // The same for the same seed and index, whatever the number of threads.
  MatchBatch Training(uint64_t index) const;
  // The mutual matches of real pairs as they are, `count` of them evenly taken:
  // for measuring.
  MatchBatch Real(int count, int matches) const;

 private:
  struct Sample;
  struct Pool;  // what the matches of a sample are drawn from
  Pool DrawPool(const MatchModel& model, Random& random) const;
  Sample Augmented(uint64_t seed) const;
  Sample Original(const MatchModel& model, uint64_t seed, int matches) const;
  void Store(const Sample& sample, int place, MatchBatch& batch) const;

  std::span<const MatchSet> sets_;
  MatchBatchOptions options_;
  uint64_t seed_;
  std::vector<MatchModel> models_;
};

// Degrees between an E (its sign and scale do not matter) and a true one: the
// larger of the angles between the directions of translation (sign ignored) and
// between those of the two rotations of each that are nearest; 0..180.
double EssentialErrorDegrees(std::span<const float> essential,
                             std::span<const float> truth);

}  // namespace tiepoint
