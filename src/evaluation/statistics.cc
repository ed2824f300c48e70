// SPDX-License-Identifier: Apache-2.0
#include "evaluation/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

// So that 10 / 0.1 steps are 100, and 95 % of 20 are 19.
constexpr double kRounding = 1e-9;

std::vector<double> Sorted(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

struct Totals {
  double positives = 0;
  double negatives = 0;
};

Totals Count(const std::vector<Scored>& decisions) {
  Totals totals;
  for (const Scored& d : decisions) {
    (d.positive ? totals.positives : totals.negatives) += 1;
  }
  return totals;
}

// Calls visit(score, positives, negatives) for each distinct score, best
// first: decisions of the same score cannot be told apart.
template <typename Visit>
void ForDistinctScores(std::vector<Scored>& decisions, const Visit& visit) {
  std::sort(decisions.begin(), decisions.end(),
            [](const Scored& a, const Scored& b) { return a.score > b.score; });
  for (size_t i = 0; i < decisions.size();) {
    const double score = decisions[i].score;
    double positives = 0, negatives = 0;
    for (; i < decisions.size() && decisions[i].score == score; ++i) {
      (decisions[i].positive ? positives : negatives) += 1;
    }
    visit(score, positives, negatives);
  }
}

// Of sorted values, linear between them.
double Quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  // Infinity minus infinity is not a number.
  if (sorted[below] == sorted[above]) return sorted[below];
  const double weight = place - static_cast<double>(below);
  if (weight == 0) return sorted[below];
  return sorted[below] + weight * (sorted[above] - sorted[below]);
}

}  // namespace

double Mean(std::span<const double> values) {
  if (values.empty()) return 0;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double Median(std::span<const double> values) {
  if (values.empty()) return 0;
  return Quantile(Sorted(values), 0.5);
}

double AccuracyAt(std::span<const double> errors, double threshold) {
  if (errors.empty()) return 0;
  const auto good =
      std::count_if(errors.begin(), errors.end(),
                    [&](double error) { return error <= threshold; });
  return static_cast<double>(good) / static_cast<double>(errors.size());
}

double ErrorAuc(std::span<const double> errors, double threshold) {
  double area = 0, last_error = 0, last_recall = 0, found = 0;
  for (const double error : Sorted(errors)) {
    if (error >= threshold) break;
    const double recall = ++found / static_cast<double>(errors.size());
    area += (error - last_error) * (last_recall + recall) / 2;
    last_error = error;
    last_recall = recall;
  }
  area += (threshold - last_error) * last_recall;
  return area / threshold;
}

double MeanAccuracy(std::span<const double> errors, double step,
                    double threshold) {
  const int steps = static_cast<int>(threshold / step + kRounding);
  if (steps < 1) return 0;
  double sum = 0;
  for (int k = 1; k <= steps; ++k) sum += AccuracyAt(errors, k * step);
  return sum / steps;
}

double StepAuc(std::span<const double> errors, double threshold) {
  if (errors.empty()) return 0;
  // An error e is counted from e to the threshold.
  double area = 0;
  for (const double error : errors) area += std::max(0.0, threshold - error);
  return area / threshold / static_cast<double>(errors.size());
}

double PrecisionRecallAuc(std::vector<Scored> decisions, double positives) {
  positives = std::max(positives, Count(decisions).positives);
  if (positives <= 0) return 0;
  double area = 0, found = 0, wrong = 0, last_precision = -1;
  ForDistinctScores(decisions, [&](double, double more, double more_wrong) {
    found += more;
    wrong += more_wrong;
    const double precision = found / (found + wrong);
    if (last_precision < 0) last_precision = precision;
    area += more / positives * (last_precision + precision) / 2;
    last_precision = precision;
  });
  return area;
}

double RocAuc(std::vector<Scored> decisions) {
  const Totals totals = Count(decisions);
  double won = 0, better = 0;
  ForDistinctScores(decisions, [&](double, double positives, double negatives) {
    won += negatives * (better + positives / 2);
    better += positives;
  });
  if (totals.positives == 0 || totals.negatives == 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return won / (totals.positives * totals.negatives);
}

double FalsePositiveRate(std::vector<Scored> decisions, double recall) {
  const Totals totals = Count(decisions);
  if (totals.positives == 0 || totals.negatives == 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double wanted = recall * totals.positives - kRounding;
  double found = 0, wrong = 0;
  ForDistinctScores(decisions, [&](double, double positives, double negatives) {
    if (found >= wanted) return;
    found += positives;
    wrong += negatives;
  });
  return wrong / totals.negatives;
}

Interval Bootstrap(int count,
                   const std::function<double(std::span<const int>)>& statistic,
                   uint64_t seed, int resamples) {
  std::vector<int> indices(count);
  for (int i = 0; i < count; ++i) indices[i] = i;
  const double estimate = statistic(indices);
  if (count == 0) return {estimate, estimate, estimate};
  Random random(seed);
  std::vector<double> values;
  for (int r = 0; r < resamples; ++r) {
    for (int& index : indices) index = random.Integer(count);
    const double value = statistic(indices);
    if (!std::isnan(value)) values.push_back(value);
  }
  if (values.empty()) return {estimate, estimate, estimate};
  std::sort(values.begin(), values.end());
  return {estimate, Quantile(values, 0.025), Quantile(values, 0.975)};
}

}  // namespace tiepoint
