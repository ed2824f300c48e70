// SPDX-License-Identifier: Apache-2.0
#include "training/quadruplets.h"

#include <algorithm>
#include <map>
#include <utility>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

int Any(const std::vector<int>& of, Random& random) {
  return of[random.Integer(static_cast<int>(of.size()))];
}

// A second view, in another photograph where there is one.
int AnySecond(std::span<const ShardSample> samples,
              const std::vector<int>& views, int first, Random& random) {
  std::vector<int> elsewhere, others;
  for (const int view : views) {
    if (view == first) continue;
    others.push_back(view);
    if (samples[view].photograph != samples[first].photograph) {
      elsewhere.push_back(view);
    }
  }
  return Any(elsewhere.empty() ? others : elsewhere, random);
}

}  // namespace

std::vector<Quadruplet> DrawQuadruplets(std::span<const ShardSample> samples,
                                        uint64_t seed, uint64_t epoch) {
  std::map<int64_t, std::vector<int>> views_of;
  std::vector<int> negatives;
  for (size_t i = 0; i < samples.size(); ++i) {
    const int64_t point = samples[i].point;
    (point < 0 ? negatives : views_of[point]).push_back(static_cast<int>(i));
  }
  std::vector<const std::vector<int>*> points;
  for (const auto& [point, views] : views_of) {
    if (views.size() >= 2) points.push_back(&views);
  }
  const int count = static_cast<int>(points.size());
  if (count < 2) return {};
  Random random(StreamSeed(seed, epoch));
  for (int i = count; i > 1; --i) {
    std::swap(points[i - 1], points[random.Integer(i)]);
  }
  std::vector<Quadruplet> epoch_of;
  for (int i = 0; i < count; ++i) {
    Quadruplet q;
    q.first = Any(*points[i], random);
    q.second = AnySecond(samples, *points[i], q.first, random);
    const int other = (i + 1 + random.Integer(count - 1)) % count;
    q.other = Any(*points[other], random);
    if (!negatives.empty()) q.negative = Any(negatives, random);
    epoch_of.push_back(q);
  }
  return epoch_of;
}

}  // namespace tiepoint
