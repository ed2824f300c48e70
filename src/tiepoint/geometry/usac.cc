// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/usac.h"

#include <cmath>
#include <opencv2/calib3d.hpp>
#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/geometry/eigen_arrays.h"

namespace tiepoint {

std::optional<Matrix3> UsacMagsac(std::span<const PointPair> pairs,
                                  const PinholeCamera& camera1,
                                  const PinholeCamera& camera2,
                                  const TwoViewOptions& options) {
  std::vector<cv::Point2d> points1, points2;
  for (const PointPair& pair : pairs) {
    points1.emplace_back(pair.x1, pair.y1);
    points2.emplace_back(pair.x2, pair.y2);
  }
  // The settings behind OpenCV's USAC_MAGSAC flag; the flag itself takes no
  // seed.
  const bool homography = options.model == TwoViewModel::kHomography;
  cv::UsacParams params;
  params.confidence = options.confidence;
  params.maxIterations = options.max_iterations;
  params.threshold = options.max_error;
  params.score = cv::SCORE_METHOD_MAGSAC;
  params.loMethod = cv::LOCAL_OPTIM_SIGMA;
  params.loIterations = homography ? 15 : 10;
  params.loSampleSize = homography ? 75 : 50;
  params.isParallel = false;
  params.randomGeneratorState =
      static_cast<int>(StreamSeed(options.seed, 1) & 0x7fffffff);

  cv::Mat matrix;
  cv::Mat mask;
  try {
    if (homography) {
      matrix = cv::findHomography(points1, points2, mask, params);
    } else if (options.model == TwoViewModel::kFundamental) {
      matrix = cv::findFundamentalMat(points1, points2, mask, params);
    } else {
      const auto calibration = [](const PinholeCamera& c) {
        return cv::Matx33d(c.fx, 0, c.cx, 0, c.fy, c.cy, 0, 0, 1);
      };
      matrix = cv::findEssentialMat(points1, points2, calibration(camera1),
                                    calibration(camera2), cv::noArray(),
                                    cv::noArray(), mask, params);
    }
  } catch (const cv::Exception&) {
    return std::nullopt;
  }
  if (matrix.rows != 3 || matrix.cols != 3) return std::nullopt;
  matrix.convertTo(matrix, CV_64F);
  Eigen::Matrix3d result;
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) result(r, c) = matrix.at<double>(r, c);
  }
  const double norm = result.norm();
  if (!std::isfinite(norm) || norm == 0) return std::nullopt;
  return ToArray(result / norm);
}

}  // namespace tiepoint
