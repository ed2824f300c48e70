// SPDX-License-Identifier: Apache-2.0
#include "evaluation/filtered_matcher.h"

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

FilteredMatcher::FilteredMatcher(FilteredMatcherOptions options)
    : options_(std::move(options)) {
  if (options_.filter == MatchFilter::kGms) {
    throw InputError(
        "matches are filtered with --filter none, ratio or learned here");
  }
  if (options_.filter != MatchFilter::kLearned) return;
  classifier_ = std::make_shared<CorrespondenceClassifier>(options_.classifier);
}

std::vector<Match> FilteredMatcher::Find(const FeatureSource& source,
                                         const FeatureSet& first,
                                         const FeatureSet& second) const {
  RequireDescriptors(first);
  RequireDescriptors(second);
  const FilteredMatches filtered = MatchAndFilter(
      options_.filter, {.first = &first,
                        .second = &second,
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

nlohmann::ordered_json FilteredMatcher::Settings() const {
  nlohmann::ordered_json settings = {{"mutual", true},
                                     {"filter", Name(options_.filter)}};
  if (options_.filter == MatchFilter::kRatio) {
    settings["max_ratio"] = RatioJson(options_.max_ratio);
  }
  if (classifier_) settings["classifier"] = FileChecksum(options_.classifier);
  return settings;
}

}  // namespace tiepoint
