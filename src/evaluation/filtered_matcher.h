// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluation/features.h"
#include "tiepoint/matching/matcher.h"
#include "tiepoint/pipeline/match_filter.h"

namespace tiepoint {

// Throws InputError when there are keypoints but no descriptors.
void RequireDescriptors(const FeatureSet& features);

struct FilteredMatcherOptions {
  MatchFilter filter = MatchFilter::kNone;
  double max_ratio = 0;    // kRatio; 0: RatioFor the features
  std::string classifier;  // kLearned: file of the network
};

// The matches that protocols of planes and reconstructions judge: mutual
// nearest neighbours, all or those that a filter keeps. The classifier sees
// guessed cameras, as for two photographs of which nothing is known.
class FilteredMatcher {
 public:
  // Throws InputError for kGms, or as CorrespondenceClassifier does.
  explicit FilteredMatcher(FilteredMatcherOptions options);

  // Throws InputError as RequireDescriptors does. `source`: what made both.
  std::vector<Match> Find(const FeatureSource& source, const FeatureSet& first,
                          const FeatureSet& second) const;

  // What the matches depend on besides the features.
  nlohmann::ordered_json Settings() const;

 private:
  FilteredMatcherOptions options_;
  std::shared_ptr<const CorrespondenceClassifier> classifier_;
};

}  // namespace tiepoint
