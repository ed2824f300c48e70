// SPDX-License-Identifier: Apache-2.0
// How well is the homography itself estimated from the matches? The corner
// error is the mean distance, in working pixels of image 2, between the four
// corner pixels of image 1 under the estimate and under the truth (DeTone et
// al., 2018). No estimate is an infinite error. All methods have the same
// estimator; it draws at random, and the order of the matches matters to it, so
// that every pair is estimated several times with other seeds and other orders.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/filtered_matcher.h"
#include "evaluation/image_pairs.h"
#include "evaluation/protocol.h"
#include "tiepoint/geometry/two_view.h"
#include "tiepoint/matching/matcher.h"

namespace tiepoint {

// Infinite where a corner lies on the horizon. `width`, `height` of image 1.
double CornerError(const Matrix3& estimate, const Matrix3& truth, int width,
                   int height);

enum class HomographyEstimator {
  kMagsac,  // OpenCV's USAC_MAGSAC
  kRansac,  // OpenCV's RANSAC with least squares of its inliers
};

// "magsac", "ransac"; throws InputError for other names.
HomographyEstimator ParseHomographyEstimator(const std::string& name);

struct HomographyOptions {
  ImagePairOptions pairs{};
  PairImageSize image_size{};
  FilteredMatcherOptions matching{};
  HomographyEstimator estimator = HomographyEstimator::kMagsac;
  // Largest error of an inlier, working pixels; 0: 2 (MAGSAC), 3 (RANSAC).
  double max_error = 0;
  int max_iterations = 10000;
  double confidence = 0.9999;
  int runs = 5;
  uint64_t seed = 0;

  double MaxError() const {
    if (max_error > 0) return max_error;
    return estimator == HomographyEstimator::kMagsac ? 2 : 3;
  }
};

// Of the matches in an order drawn from `seed`; nothing with fewer than four
// matches or without an answer of the estimator, whose inliers are not judged.
std::optional<Matrix3> EstimateHomography(std::vector<PointPair> matches,
                                          const HomographyOptions& options,
                                          uint64_t seed);

// Throws InputError as FindImagePairs does.
std::unique_ptr<Protocol> MakeHomographyProtocol(
    const std::vector<std::string>& folders,
    const HomographyOptions& options = {});

}  // namespace tiepoint
