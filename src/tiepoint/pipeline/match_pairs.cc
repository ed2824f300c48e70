// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/match_pairs.h"

#include <algorithm>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

int64_t BytesOf(const FeatureSet& features) {
  return static_cast<int64_t>(features.keypoints.size() * sizeof(Keypoint) +
                              features.descriptors.data.size() * sizeof(float));
}

}  // namespace

FeatureCache::FeatureCache(const FeatureFile& file,
                           std::vector<std::string> names, int64_t bytes)
    : file_(file), names_(std::move(names)), limit_(bytes) {}

std::shared_ptr<const FeatureSet> FeatureCache::Of(int i) {
  const auto found = kept_.find(i);
  if (found != kept_.end()) {
    order_.splice(order_.begin(), order_, found->second.place);
    return found->second.features;
  }
  auto features = file_.FindAsStored(names_[i]);
  if (!features) throw InputError(names_[i] + ": has no features in the file");
  auto shared = std::make_shared<const FeatureSet>(*std::move(features));
  held_ += BytesOf(*shared);
  order_.push_front(i);
  kept_[i] = {shared, order_.begin()};
  while (held_ > limit_ && order_.size() > 1) {
    const auto last = kept_.find(order_.back());
    held_ -= BytesOf(*last->second.features);
    kept_.erase(last);
    order_.pop_back();
  }
  return shared;
}

std::vector<PhotographPair> MissingPairs(const MatchPairsTask& task,
                                         const MatchFileWriter& matches) {
  std::vector<PhotographPair> missing;
  for (const auto& [i, j] : task.pairs) {
    const VerifiedView view1{nullptr, task.cameras[i], task.focal_known[i]};
    const VerifiedView view2{nullptr, task.cameras[j], task.focal_known[j]};
    if (matches.FindCameras(task.names[i], task.names[j]) !=
        CamerasOf(view1, view2)) {
      missing.emplace_back(i, j);
    }
  }
  return missing;
}

void MatchPairs(const MatchPairsTask& task, FeatureCache& features,
                MatchFileWriter& matches) {
  const std::vector<PhotographPair> missing = MissingPairs(task, matches);
  const int total = static_cast<int>(missing.size());
  const int step = std::max(1, NumThreads());
  for (int begin = 0; begin < total; begin += step) {
    const int count = std::min(step, total - begin);
    std::vector<std::shared_ptr<const FeatureSet>> first, second;
    for (int k = begin; k < begin + count; ++k) {
      first.push_back(features.Of(missing[k].first));
      second.push_back(features.Of(missing[k].second));
    }
    std::vector<MatchedPair> found(count);
    ParallelFor(count, [&](int k) {
      const auto& [i, j] = missing[begin + k];
      const VerifiedView view1{first[k].get(), task.cameras[i],
                               task.focal_known[i]};
      const VerifiedView view2{second[k].get(), task.cameras[j],
                               task.focal_known[j]};
      found[k] = MatchAndVerify(view1, view2, task.classifier, task.verify);
    });
    for (int k = 0; k < count; ++k) {
      const auto& [i, j] = missing[begin + k];
      if (matches.Has(task.names[i], task.names[j])) {
        matches.Remove(task.names[i], task.names[j]);
      }
      matches.Add(task.names[i], task.names[j],
                  static_cast<int>(first[k]->keypoints.size()), found[k]);
      if (task.done)
        task.done(begin + k + 1, total, missing[begin + k], found[k]);
    }
    CheckInterrupt();
  }
}

}  // namespace tiepoint
