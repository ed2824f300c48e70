// SPDX-License-Identifier: Apache-2.0
// What the protocols that judge matches of a plane have in common.
#pragma once

#include <string>
#include <vector>

#include "evaluation/filtered_matcher.h"
#include "evaluation/image_pairs.h"
#include "evaluation/planar_pair.h"
#include "evaluation/protocol.h"
#include "tiepoint/matching/matcher.h"

namespace tiepoint {

// Transfer error of each match, pixels of image 2.
std::vector<double> MatchErrors(const FeatureSet& first,
                                const FeatureSet& second,
                                const std::vector<Match>& matches,
                                const Matrix3& homography);

// A protocol whose items are the pairs of the folders, matched by a
// FilteredMatcher.
class PlanarMatchingProtocol : public Protocol {
 public:
  const std::vector<Item>& Items() const override { return pairs_.Items(); }
  // The two pictures beside each other, matches of at most `drawn_correct`
  // pixels of transfer error as correct: DrawPair (draw_pair.h).
  std::string Draw(const FeatureSource& source,
                   const Item& item) const override;

 protected:
  // Throws InputError as FindImagePairs and FilteredMatcher do.
  PlanarMatchingProtocol(const std::vector<std::string>& folders,
                         const ImagePairOptions& pairs,
                         const PairImageSize& image_size,
                         const FilteredMatcherOptions& matching,
                         double drawn_correct);

  const PairList& Pairs() const { return pairs_; }
  const FilteredMatcher& Matcher() const { return matcher_; }
  PlanarPair Load(const FeatureSource& source, const Item& item) const;
  // Throws InputError as FilteredMatcher::Find does.
  std::vector<Match> FindMatches(const FeatureSource& source,
                                 const PlanarPair& pair) const;

 private:
  PairList pairs_;
  PairImageSize image_size_;
  FilteredMatcher matcher_;
  double drawn_correct_;
};

}  // namespace tiepoint
