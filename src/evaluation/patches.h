// SPDX-License-Identifier: Apache-2.0
// Descriptors alone, on patches of known 3D points: which pairs of patches show
// one point? Two protocols on the same distances:
//   FPR95, ROC AUC  on the pairs of a match file, half of one point (Brown,
//                   Hua, Winder, PAMI 2011)
//   PR AUC          on far more wrong pairs than right ones (Simo-Serra et al.,
//                   ICCV 2015): up to 10 000 points, for each one pair of its
//                   patches and 1 000 pairs of the first of them with patches
//                   of other points. All decisions of a set make one curve; a
//                   descriptor that knows nothing has about 0.001.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evaluation/protocol.h"
#include "evaluation/statistics.h"
#include "tiepoint/io/patch_set.h"

namespace tiepoint {

struct PatchesOptions {
  // Of each set. Empty: m50_100000_100000_0.txt; a set without it is evaluated
  // on all its m50_*.txt.
  std::string match_file;
  // Sigma of the keypoint that is laid in the middle of each patch, in pixels
  // of the patch. A descriptor whose square has a half width of 6 sigma (SIFT)
  // then sees exactly the patch.
  double scale = kPatchSide / 12.0;
  // Of the precision-recall curve.
  int max_points = 10000;
  int negatives = 1000;  // wrong pairs a point; fewer where a set has fewer
  uint64_t seed = 0;     // draws points, their patches and the wrong pairs

  // Empty when usable, else one sentence.
  std::string Validate() const;
};

// The decisions of the precision-recall curve: query i should find positive i
// and none of negatives[i].
struct PatchQueries {
  std::vector<int> queries;
  std::vector<int> positives;
  // Different patches of other points, equally many for each query.
  std::vector<std::vector<int>> negatives;

  int NegativesEach() const {
    return negatives.empty() ? 0 : static_cast<int>(negatives[0].size());
  }
};

// `points`: the point of each patch. Only points with two patches are asked
// for; none: no queries.
PatchQueries DrawQueries(std::span<const int> points,
                         const PatchesOptions& options);

// One row a patch of the set. Each patch is a picture of its own: what a
// descriptor reads outside of it is the patch reflected.
DescriptorMatrix DescribePatches(const Descriptor& descriptor,
                                 const PatchSet& set, double scale);

// Scored by the negative Euclidean distance.
std::vector<Scored> ScorePairs(const DescriptorMatrix& descriptors,
                               std::span<const PatchPair> pairs);
std::vector<Scored> ScoreQueries(const DescriptorMatrix& descriptors,
                                 const PatchQueries& queries);

// `folders`: patch sets, or folders that hold some (FindPatchSets). An item is
// one match file of one set. Throws InputError for folders, files and options
// that cannot be used; Measure throws it for sources without steps
// (FeatureSource::GetSteps) and for descriptors that need their own detector
// (ORB, AKAZE).
std::unique_ptr<Protocol> MakePatchesProtocol(
    const std::vector<std::string>& folders, const PatchesOptions& options);

}  // namespace tiepoint
