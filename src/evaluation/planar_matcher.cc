// SPDX-License-Identifier: Apache-2.0
#include "evaluation/planar_matcher.h"

#include <utility>

#include "evaluation/cache_key.h"
#include "tiepoint/base/error.h"

namespace tiepoint {

void RequireDescriptors(const FeatureSet& features) {
  if (static_cast<size_t>(features.descriptors.rows) ==
      features.keypoints.size()) {
    return;
  }
  throw InputError(
      "features without descriptors cannot be matched; repeatability needs "
      "none");
}

PlanarMatcher::PlanarMatcher(PlanarMatcherOptions options)
    : options_(std::move(options)) {
  if (options_.filter == MatchFilter::kGms) {
    throw InputError("planes are matched with --filter none, ratio or learned");
  }
  if (options_.filter != MatchFilter::kLearned) return;
  classifier_ = std::make_shared<CorrespondenceClassifier>(options_.classifier);
}

std::vector<Match> PlanarMatcher::Find(const FeatureSource& source,
                                       const PlanarPair& pair) const {
  RequireDescriptors(pair.Set1());
  RequireDescriptors(pair.Set2());
  const FilteredMatches filtered = MatchAndFilter(
      options_.filter, {.first = &pair.Set1(),
                        .second = &pair.Set2(),
                        .camera1 = {},
                        .camera2 = {},
                        .max_ratio = RatioFor(source, options_.max_ratio),
                        .classifier = classifier_.get()});
  std::vector<Match> kept;
  for (size_t k = 0; k < filtered.matches.size(); ++k) {
    if (filtered.weights[k] > 0) kept.push_back(filtered.matches[k]);
  }
  return kept;
}

nlohmann::ordered_json PlanarMatcher::Settings() const {
  nlohmann::ordered_json settings = {{"mutual", true},
                                     {"filter", Name(options_.filter)}};
  if (options_.filter == MatchFilter::kRatio) {
    settings["max_ratio"] = options_.max_ratio;
  }
  if (classifier_) settings["classifier"] = FileChecksum(options_.classifier);
  return settings;
}

}  // namespace tiepoint
