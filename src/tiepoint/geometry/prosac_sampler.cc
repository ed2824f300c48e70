// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/prosac_sampler.h"

#include <algorithm>
#include <cmath>

namespace tiepoint {
namespace {

// T: after so many samples the pool is everything. The paper's number.
constexpr double kSamplesUntilAll = 200000;

}  // namespace

ProsacSampler::ProsacSampler(std::span<const double> weights)
    : group_end_(weights.size()),
      limit_(static_cast<int>(weights.size())),
      expected_(kSamplesUntilAll) {
  const int count = static_cast<int>(weights.size());
  for (int rank = count - 1; rank >= 0; --rank) {
    const bool last = rank + 1 == count || weights[rank] != weights[rank + 1];
    group_end_[rank] = last ? rank + 1 : group_end_[rank + 1];
  }
  for (int k = 0; k < kSampleSize; ++k) {
    expected_ *= static_cast<double>(kSampleSize - k) / (count - k);
  }
}

std::array<int, ProsacSampler::kSampleSize> ProsacSampler::Sample(
    Random& random) {
  ++drawn_;
  while (drawn_ > until_ && pool_ < limit_) {
    const double next = expected_ * (pool_ + 1) / (pool_ + 1 - kSampleSize);
    until_ += std::ceil(next - expected_);
    expected_ = next;
    ++pool_;
  }
  // The newest of the pool is in the sample, for the others had their turn. Not
  // once the pool has its final size, and not of a group.
  const int end = std::min(group_end_[pool_ - 1], limit_);
  const bool newest =
      drawn_ <= until_ && end == pool_ &&
      (pool_ == kSampleSize || group_end_[pool_ - 2] == pool_ - 1);
  std::array<int, kSampleSize> sample;
  int size = 0;
  if (newest) sample[size++] = pool_ - 1;
  while (size < kSampleSize) {
    const int rank = random.Integer(newest ? pool_ - 1 : end);
    if (std::find(sample.begin(), sample.begin() + size, rank) ==
        sample.begin() + size) {
      sample[size++] = rank;
    }
  }
  return sample;
}

}  // namespace tiepoint
