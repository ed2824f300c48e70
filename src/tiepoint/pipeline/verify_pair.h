// SPDX-License-Identifier: Apache-2.0
// From the features of two photographs to matches that one geometry explains,
// as structure from motion takes them up.
#pragma once

#include <cstdint>

#include "tiepoint/correspondence/classifier.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/geometry/two_view.h"
#include "tiepoint/io/match_file.h"
#include "tiepoint/pipeline/match_filter.h"

namespace tiepoint {

struct VerifyOptions {
  MatchFilter filter = MatchFilter::kLearned;
  double max_ratio = 0.8;  // of MatchFilter::kRatio
  // Largest Sampson (homographies: transfer) error of an inlier, pixels of the
  // stored file. Above that of `match`: lenses are not known yet.
  double max_error = 4;
  // Fewer are no geometry: then the pair has no inliers.
  int min_inliers = 15;
  uint64_t seed = 0;
};

struct VerifiedView {
  const FeatureSet* features = nullptr;
  PinholeCamera camera;
  bool focal_known = false;  // else `camera` is a guess and not used
};

// What a geometry of the two is estimated with.
PairCameras CamerasOf(const VerifiedView& view1, const VerifiedView& view2);

// Mutual nearest neighbours that the filter keeps, and their geometry:
//   kCalibrated     both focal lengths are known: an essential matrix, its pose
//                   and fundamental matrix
//   kPlanar         the same, and a homography explains it, too
//   kPanoramic      the camera only turned: a homography
//   kUncalibrated   else (or where no essential matrix is found): a fundamental
//                   matrix
//   kPlanarOrPanoramic  the same, and a homography explains it, too
//   kDegenerate     none of them
// `classifier`: of kLearned. The same seed gives the same answer.
MatchedPair MatchAndVerify(const VerifiedView& view1, const VerifiedView& view2,
                           const CorrespondenceClassifier* classifier,
                           const VerifyOptions& options);

}  // namespace tiepoint
