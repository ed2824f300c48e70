// SPDX-License-Identifier: Apache-2.0
// Where the first answer of EstimateEssential (guided_essential.h) may be that
// of a repeated structure, a second one is sought. For the sources of this
// layer.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tiepoint/geometry/distinct_pairs.h"
#include "tiepoint/geometry/guided_essential.h"
#include "tiepoint/geometry/guided_search.h"
#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// All pairs, by what they count where whole answers are judged: those without
// weight of the first or the second look (empty: there was none) by half.
DistinctPairs Voters(std::span<const PointPair> pairs,
                     std::span<const double> weights,
                     std::span<const double> second,
                     const GuidedOptions& options);

// The inliers among the pairs.
std::vector<PointPair> InlierPairs(std::span<const PointPair> pairs,
                                   const Matrix3& essential,
                                   const PinholeCamera& camera1,
                                   const PinholeCamera& camera2,
                                   const GuidedOptions& options);

// The best answer to those pairs alone that a search of `searched` pairs, which
// has run, does not explain; nothing where they are few. Not yet compared with
// the first (GuidedSearch::Reconsider).
std::optional<EssentialModel> AnswerToTheRest(const GuidedSearch& search,
                                              size_t searched,
                                              const DistinctPairs& voters,
                                              const PinholeCamera& camera1,
                                              const PinholeCamera& camera2,
                                              const GuidedOptions& options);

struct SecondAnswer {
  EssentialModel model;
  DistinctPairs pairs;          // of weight above 0
  std::vector<double> weights;  // one a pair
};

// The answer of options.second_look (not empty) where it is better than
// `first`: the one that explains clearly more of all pairs, or where both are
// possible more of those off the planes of both.
std::optional<SecondAnswer> LookAgain(std::span<const PointPair> pairs,
                                      std::span<const double> weights,
                                      const EssentialModel& first,
                                      const PinholeCamera& camera1,
                                      const PinholeCamera& camera2,
                                      const GuidedOptions& options);

}  // namespace tiepoint
