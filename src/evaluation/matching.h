// SPDX-License-Identifier: Apache-2.0
// How well are points matched where a homography is the truth? Mutual nearest
// neighbours, judged by their transfer error in working pixels of image 2.
//   MMA(t)          share of the matches within t pixels, mean over pairs; a
//                   pair without matches counts 0 (Dusmanu et al., D2-Net)
//   matching score  correct matches / the fewer keypoints in the shared view
//   NN mAP          ranked_matches.h; correct means an overlap error < 50 %
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evaluation/filtered_matcher.h"
#include "evaluation/image_pairs.h"
#include "evaluation/planar_pair.h"
#include "evaluation/protocol.h"
#include "tiepoint/matching/matcher.h"

namespace tiepoint {

struct NearestNeighbourScore {
  double average_precision = 0;
  // Assigned pairs that are correspondences / the fewer keypoints.
  double matching_score = 0;
};

// The first `count` keypoints of each picture (0: all), regions enlarged by 3,
// nothing left out (common_part 0). Correspondences: one to one by increasing
// overlap error, below 50 %. Assigned: one to one by increasing descriptor
// distance.
NearestNeighbourScore ScoreNearestNeighbours(const PlanarPair& pair,
                                             const std::string& detector,
                                             int count);

struct MatchingOptions {
  ImagePairOptions pairs{};
  PairImageSize image_size{};
  FilteredMatcherOptions matching{};
  int ranked_keypoints = 1000;  // of NN mAP and its score; 0: all
};

// Throws InputError as FindImagePairs does.
std::unique_ptr<Protocol> MakeMatchingProtocol(
    const std::vector<std::string>& folders,
    const MatchingOptions& options = {});

}  // namespace tiepoint
