// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluation/features.h"
#include "evaluation/planar_pair.h"
#include "tiepoint/matching/matcher.h"
#include "tiepoint/pipeline/match_filter.h"

namespace tiepoint {

// Throws InputError when there are keypoints but no descriptors.
void RequireDescriptors(const FeatureSet& features);

struct PlanarMatcherOptions {
  MatchFilter filter = MatchFilter::kNone;
  double max_ratio = 0;    // kRatio; 0: RatioFor the features
  std::string classifier;  // kLearned: file of the network
};

// The matches that the planar protocols judge: mutual nearest neighbours, all
// or those that a filter keeps. The classifier sees guessed cameras, as for two
// photographs of which nothing is known.
class PlanarMatcher {
 public:
  // Throws InputError for kGms, or as CorrespondenceClassifier does.
  explicit PlanarMatcher(PlanarMatcherOptions options);

  // Throws InputError as RequireDescriptors does.
  std::vector<Match> Find(const FeatureSource& source,
                          const PlanarPair& pair) const;

  // What the matches depend on besides the features.
  nlohmann::ordered_json Settings() const;

 private:
  PlanarMatcherOptions options_;
  std::shared_ptr<const CorrespondenceClassifier> classifier_;
};

}  // namespace tiepoint
