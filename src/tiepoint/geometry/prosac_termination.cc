// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/prosac_termination.h"

#include <algorithm>
#include <cmath>

namespace tiepoint {

ProsacTermination FindProsacTermination(const std::vector<bool>& inlier_by_rank,
                                        const ProsacSampler& sampler,
                                        const GuidedOptions& options) {
  constexpr int kSampleSize = ProsacSampler::kSampleSize;
  constexpr int kFewest = 20;
  constexpr double kByChance = 0.05;
  const int count = static_cast<int>(inlier_by_rank.size());
  double least = options.max_iterations;
  int pool = count;
  int inliers = 0;
  for (int n = 1; n <= count; ++n) {
    inliers += inlier_by_rank[n - 1];
    if (!sampler.EndsGroup(n) || (n < kFewest && n < count)) continue;
    const double random = kSampleSize + (n - kSampleSize) * kByChance +
                          std::sqrt(2.706 * n * kByChance * (1 - kByChance));
    if (inliers < random && n < count) continue;
    double right = 1;  // chance of a sample
    for (int k = 0; k < kSampleSize; ++k) {
      right *= std::max(0.0, static_cast<double>(inliers - k) / (n - k));
    }
    const double samples =
        right >= 1 ? 1 : std::log1p(-options.confidence) / std::log1p(-right);
    // The largest of pools that are as good: samples should be spread.
    if (samples <= std::max<double>(least, options.min_iterations)) {
      least = std::min(least, samples);
      pool = n;
    }
    // Where samples are also drawn from all pairs alike, their rule counts too.
    if (n == count && options.explore_every > 0) {
      least = std::max(least, samples);
    }
  }
  // It may be more than an int holds, or infinite.
  const double samples = std::min<double>(
      options.max_iterations,
      std::max<double>(options.min_iterations, std::ceil(least)));
  return {static_cast<int>(samples), pool};
}

}  // namespace tiepoint
