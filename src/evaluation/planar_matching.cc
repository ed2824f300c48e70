// SPDX-License-Identifier: Apache-2.0
#include "evaluation/planar_matching.h"

#include "evaluation/draw_pair.h"

namespace tiepoint {

std::vector<double> MatchErrors(const FeatureSet& first,
                                const FeatureSet& second,
                                const std::vector<Match>& matches,
                                const Matrix3& homography) {
  std::vector<double> errors;
  errors.reserve(matches.size());
  for (const Match& match : matches) {
    const Keypoint& a = first.keypoints[match.i];
    const Keypoint& b = second.keypoints[match.j];
    errors.push_back(TransferError(homography, {a.x, a.y, b.x, b.y}));
  }
  return errors;
}

PlanarMatchingProtocol::PlanarMatchingProtocol(
    const std::vector<std::string>& folders, const ImagePairOptions& pairs,
    const PairImageSize& image_size, const FilteredMatcherOptions& matching,
    double drawn_correct)
    : pairs_(FindImagePairs(folders, pairs)),
      image_size_(image_size),
      matcher_(matching),
      drawn_correct_(drawn_correct) {}

PlanarPair PlanarMatchingProtocol::Load(const FeatureSource& source,
                                        const Item& item) const {
  return LoadPlanarPair(source, pairs_.Of(item), image_size_);
}

std::vector<Match> PlanarMatchingProtocol::FindMatches(
    const FeatureSource& source, const PlanarPair& pair) const {
  return matcher_.Find(source, pair.Set1(), pair.Set2());
}

std::string PlanarMatchingProtocol::Draw(const FeatureSource& source,
                                         const Item& item) const {
  const PlanarPair pair = Load(source, item);
  const std::vector<Match> matches = FindMatches(source, pair);
  std::vector<bool> correct;
  for (const double error :
       MatchErrors(pair.Set1(), pair.Set2(), matches, pair.homography)) {
    correct.push_back(error <= drawn_correct_);
  }
  return DrawPair(item.image1, item.image2, *pair.first, *pair.second, matches,
                  correct);
}

}  // namespace tiepoint
