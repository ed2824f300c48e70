// SPDX-License-Identifier: Apache-2.0
// Numbers that sum up errors and scores. Errors may be infinite (no answer);
// values that are not a number are left out by the caller.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace tiepoint {

// 0 for none. The median of an even number is the mean of the middle two.
double Mean(std::span<const double> values);
double Median(std::span<const double> values);

// Share of errors that are at most `threshold`; 0 for none, as for all areas
// below. Thresholds and steps are above 0.
double AccuracyAt(std::span<const double> errors, double threshold);

// Area under the cumulative curve of the errors from 0 to `threshold`, as a
// share of it: the curve joins (0, 0) and (e_i, i / n) of the sorted errors by
// straight lines and goes on level from the last error below the threshold
// (the form of SuperGlue and its followers: AUC@5, @10, @20).
double ErrorAuc(std::span<const double> errors, double threshold);

// Mean of the accuracies at step, 2 step, ..., threshold: "mAP" of Learning to
// Find Good Correspondences (step 5) and mAA of the Image Matching Challenge
// (step 1, threshold 10). Errors that fall exactly on a step count for it; the
// histograms of both references count them for the next one.
double MeanAccuracy(std::span<const double> errors, double step,
                    double threshold);

// Area from 0 to `threshold` under the accuracy, a step function, as a share.
double StepAuc(std::span<const double> errors, double threshold);

// A scored decision: larger scores come first. Scores are numbers (they may be
// infinite).
struct Scored {
  double score = 0;
  bool positive = false;
};

// Area under the precision-recall curve, trapezoids between the points of
// distinct scores, beginning at recall 0 with the precision of the first point.
// `positives`: the number that could have been found (at least those in the
// list); the curve ends at the recall reached. 0 without positives.
double PrecisionRecallAuc(std::vector<Scored> decisions, double positives);

// Probability that a positive scores above a negative (ties count half). Not a
// number when there are no positives or no negatives.
double RocAuc(std::vector<Scored> decisions);

// Share of negatives that score at least as high as the threshold that keeps
// `recall` of the positives (FPR95: 0.95). Not a number when there are no
// positives or no negatives.
double FalsePositiveRate(std::vector<Scored> decisions, double recall);

// How much a number changes when items are drawn anew with replacement.
struct Interval {
  double estimate = 0;
  double low = 0;   // 2.5 %, linear between the order statistics
  double high = 0;  // 97.5 %
};

// Bootstrap over `count` items: `statistic` is handed the indices drawn; the
// estimate is that of all items once. Two methods are compared by a statistic
// that is their difference on the same indices (paired). Draws for which the
// statistic is not a number are left out. `count` 0: all three are the
// statistic of no items.
Interval Bootstrap(int count,
                   const std::function<double(std::span<const int>)>& statistic,
                   uint64_t seed, int resamples = 1000);

}  // namespace tiepoint
