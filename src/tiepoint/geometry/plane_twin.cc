// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/plane_twin.h"

#include <Eigen/Dense>
#include <algorithm>
#include <opencv2/calib3d.hpp>

#include "tiepoint/geometry/eigen_arrays.h"
#include "tiepoint/geometry/usac.h"

namespace tiepoint {

std::vector<Matrix3> EssentialsOfPlane(std::span<const PointPair> pairs,
                                       const PinholeCamera& camera1,
                                       const PinholeCamera& camera2,
                                       double max_error, uint64_t seed) {
  constexpr size_t kFewest = 8;
  if (pairs.size() < kFewest) return {};
  TwoViewOptions options;
  options.model = TwoViewModel::kHomography;
  options.max_error = max_error;
  options.confidence = 0.99;
  options.max_iterations = 1000;
  options.seed = seed;
  const auto found = UsacMagsac(pairs, {}, {}, options);
  if (!found) return {};
  const auto on_plane =
      std::count_if(pairs.begin(), pairs.end(), [&](const PointPair& pair) {
        return TransferError(*found, pair) <= max_error;
      });
  if (2 * static_cast<size_t>(on_plane) < pairs.size()) return {};
  const Eigen::Matrix3d normalized =
      Calibration(camera2).inverse() * FromArray(*found) * Calibration(camera1);
  const Matrix3 rows = ToArray(normalized);
  const cv::Mat homography(3, 3, CV_64F, const_cast<double*>(rows.data()));
  std::vector<cv::Mat> rotations, translations, normals;
  cv::decomposeHomographyMat(homography, cv::Matx33d::eye(), rotations,
                             translations, normals);
  std::vector<Matrix3> essentials;
  for (size_t k = 0; k < rotations.size(); ++k) {
    Eigen::Matrix3d r;
    Eigen::Vector3d t;
    for (int i = 0; i < 9; ++i)
      r(i / 3, i % 3) = rotations[k].at<double>(i / 3, i % 3);
    for (int i = 0; i < 3; ++i) t(i) = translations[k].at<double>(i);
    const Eigen::Matrix3d e = CrossMatrix(t) * r;
    // t and -t with the same rotation have one E; no motion has none.
    if (!e.allFinite() || e.norm() < 1e-9) continue;
    const Eigen::Matrix3d unit = e.normalized();
    const bool known = std::any_of(
        essentials.begin(), essentials.end(), [&](const Matrix3& other) {
          const Eigen::Matrix3d o = FromArray(other);
          return std::min((o - unit).norm(), (o + unit).norm()) < 1e-6;
        });
    if (!known) essentials.push_back(ToArray(unit));
  }
  return essentials;
}

}  // namespace tiepoint
