// SPDX-License-Identifier: Apache-2.0
// Right matches told from wrong ones before any geometry is sought.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tiepoint/correspondence/classifier.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/geometry/two_view.h"
#include "tiepoint/matching/matcher.h"

namespace tiepoint {

enum class MatchFilter {
  kNone,     // "none"
  kRatio,    // "ratio": Lowe's
  kGms,      // "gms": matching/gms.h, with rotation and scale
  kLearned,  // "learned": correspondence/classifier.h
};

// Throws InputError that lists the names.
MatchFilter ParseMatchFilter(const std::string& name);
const char* Name(MatchFilter filter);

// Name of the weights (FindModel) of kLearned.
inline constexpr char kCorrespondenceWeights[] = "correspondence";

// What the filters look at. Cameras that are not known are guessed (kLearned).
struct FilterInput {
  const FeatureSet* first = nullptr;
  const FeatureSet* second = nullptr;
  std::optional<PinholeCamera> camera1, camera2;
  double max_ratio = 0.8;                                // kRatio
  const CorrespondenceClassifier* classifier = nullptr;  // kLearned
};

struct FilteredMatches {
  std::vector<Match> matches;  // mutual nearest neighbours, as they were found
  // One a match, in [0, 1]; 0: left out. 1 for all that kNone, kRatio and kGms
  // keep.
  std::vector<float> weights;

  int NumKept() const;
};

// What the classifier makes of the other matches when those at `left_out`
// (indices into `matches`) are taken out; 0 for these.
std::vector<double> ClassifyWithout(const FilterInput& input,
                                    const std::vector<Match>& matches,
                                    std::span<const int> left_out);

// Matches the features and weighs the matches. kGms judges the mutual matches
// beside all one-way ones, as published.
FilteredMatches MatchAndFilter(MatchFilter filter, const FilterInput& input);

}  // namespace tiepoint
