// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

struct GuidedOptions {
  // Largest Sampson error of an inlier, pixels.
  double max_error = 1.5;
  // Errors beyond this many times max_error do not count for the score and the
  // refinement. The score falls smoothly up to there, so that max_error need
  // not be known well.
  double cutoff_factor = 2;
  // Of having drawn five right matches.
  double confidence = 0.9999;
  int max_iterations = 10000;
  // Weights that are too sure of themselves do not end the search before.
  int min_iterations = 500;
  // Every so many samples one is drawn from all pairs alike: a repeated
  // structure may hold the largest weights and the wrong answer. The search
  // then goes on until the confidence is reached by all pairs of weight above
  // 0, too. 0: never.
  int explore_every = 3;
  // A pair counts as much as its weight, in the score and the refinement.
  // Otherwise weights decide the order of sampling alone.
  bool weigh_scores = false;
  // Asked when the inliers lie on a plane: see below. May be empty.
  SecondLook second_look = nullptr;
  uint64_t seed = 0;

  std::string Validate() const;
};

struct GuidedEssential {
  Matrix3 essential;         // of unit norm; [t]x R of `pose`
  RelativePose pose;         // with most inliers in front of both cameras
  std::vector<int> inliers;  // indices into the pairs, increasing
  // Samples drawn, without those (1000 at most) for what the first answer
  // leaves over.
  int iterations = 0;
  // Sum of 1 - loss (magsac_score.h) over the distinct pairs of weight above 0,
  // times the weight with weigh_scores.
  double score = 0;
  // Those of the second look where it found the answer, one a pair; else empty.
  std::vector<double> weights;
};

// The essential matrix of matches of which many are wrong, sought where
// `weights` (a classifier's; one a pair, in [0, 1]; none: all alike) promise
// most: PROSAC (Chum and Matas, CVPR 2005) draws five pairs of large weight
// first and pairs of weight 0 never; pairs of one weight come together; now and
// then five pairs are drawn whatever their weights.
// Five-point models are scored with the loss of MAGSAC++, unpromising ones
// given up by a sequential test (Matas and Chum, "Randomized RANSAC with
// Sequential Probability Ratio Test", ICCV 2005); those better than all before
// are refined by least squares of the Sampson errors (SampsonProblem), and so
// is the answer, over all pairs of weight above 0 near it. Inliers are sought
// among all pairs, also those of weight 0.
//
// Repeated structures have an answer of their own: where many pairs of weight
// above 0 are left over, the best answer to these alone is tried, too, and all
// pairs decide, those of weight 0 by half.
//
// A plane may also be a repeated one, a wallpaper that matches when it is moved
// by a pattern, and a classifier then refuses all else. So where the inliers
// lie on a plane, `second_look` judges the pairs without those that the answer
// explains; what it makes of them is searched, too, and all pairs decide, those
// without either weight by half.
//
// Where the inliers lie on a plane, its other pose (PosesOfPlane) is the answer
// when all pairs together, those of weight 0 too, speak for it, or do not speak
// against it and it looks at the plane more squarely.
//
// Pairs in pixels without distortion; those that are not Usable() are left out
// and copies count once, with their largest weight. The answer is that of the
// seed and of the set of pairs, not of their order; one thread. Nothing for
// fewer than five distinct pairs of weight above 0, or when no sample has a
// model. What the answer is worth (chance, pure rotation, a plane) is
// EstimateTwoViewGeometry's to say. Throws InputError for unusable cameras,
// options or weights.
std::optional<GuidedEssential> EstimateEssential(
    std::span<const PointPair> pairs, std::span<const double> weights,
    const PinholeCamera& camera1, const PinholeCamera& camera2,
    const GuidedOptions& options);

}  // namespace tiepoint
