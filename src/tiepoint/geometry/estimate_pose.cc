// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/estimate_pose.h"

#include <array>
#include <opencv2/calib3d.hpp>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/guided_essential.h"
#include "tiepoint/geometry/regressed_essential.h"
#include "tiepoint/geometry/usac.h"
#include "tiepoint/geometry/weighted_eight_point.h"

namespace tiepoint {
namespace {

constexpr std::array kEstimators = {
    PoseEstimator::kEightPoint, PoseEstimator::kRansac,
    PoseEstimator::kMagsac,     PoseEstimator::kTiepoint,
    PoseEstimator::kGuided,     PoseEstimator::kRegression};

constexpr size_t kFewestInliers = 5;

// What the estimators share. `pairs` are all usable.
struct Problem {
  std::vector<PointPair> pairs;  // pixels
  std::vector<PointPair> normalized;
  std::vector<double> weights;
  std::vector<int> indices;  // in the caller's pairs
  PinholeCamera camera1, camera2;

  std::vector<int> Inliers(const Matrix3& essential, double max_error) const {
    return EpipolarInliers(
        FundamentalFromEssential(essential, camera1, camera2), pairs,
        max_error);
  }
};

Problem MakeProblem(std::span<const PointPair> pairs,
                    std::span<const double> weights,
                    const PinholeCamera& camera1,
                    const PinholeCamera& camera2) {
  if (!(Usable(camera1) && Usable(camera2))) {
    throw InputError("a camera needs finite numbers and focal lengths above 0");
  }
  if (!weights.empty() && weights.size() != pairs.size()) {
    throw InputError("a pose needs one weight a match, or none");
  }
  Problem problem;
  problem.camera1 = camera1;
  problem.camera2 = camera2;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!Usable(pairs[i])) continue;
    problem.pairs.push_back(pairs[i]);
    problem.normalized.push_back(Normalized(pairs[i], camera1, camera2));
    problem.weights.push_back(weights.empty() ? 1 : weights[i]);
    problem.indices.push_back(static_cast<int>(i));
  }
  return problem;
}

// All matrices that OpenCV returns, one above the other.
std::vector<Matrix3> Stacked(const cv::Mat& matrices) {
  std::vector<Matrix3> result;
  for (int top = 0; top + 3 <= matrices.rows; top += 3) {
    Matrix3 matrix;
    for (int k = 0; k < 9; ++k) {
      matrix[k] = matrices.at<double>(top + k / 3, k % 3);
    }
    result.push_back(matrix);
  }
  return result;
}

// The one with most inliers; the first of equals.
std::optional<Matrix3> Ransac(const Problem& problem,
                              const PoseOptions& options) {
  if (problem.pairs.size() < kFewestInliers) return std::nullopt;
  std::vector<cv::Point2d> points1, points2;
  for (const PointPair& pair : problem.normalized) {
    points1.emplace_back(pair.x1, pair.y1);
    points2.emplace_back(pair.x2, pair.y2);
  }
  const double focal_length = (problem.camera1.fx + problem.camera1.fy +
                               problem.camera2.fx + problem.camera2.fy) /
                              4;
  cv::Mat matrices;
  try {
    matrices = cv::findEssentialMat(points1, points2, cv::Matx33d::eye(),
                                    cv::RANSAC, options.ransac_confidence,
                                    options.max_error / focal_length,
                                    options.ransac_max_iterations);
  } catch (const cv::Exception&) {
    return std::nullopt;
  }
  std::optional<Matrix3> best;
  size_t most = 0;
  for (const Matrix3& matrix : Stacked(matrices)) {
    const size_t count = problem.Inliers(matrix, options.max_error).size();
    if (best && count <= most) continue;
    best = matrix;
    most = count;
  }
  return best;
}

std::optional<Matrix3> Magsac(const Problem& problem,
                              const PoseOptions& options) {
  if (problem.pairs.size() < kFewestInliers) return std::nullopt;
  TwoViewOptions settings;
  settings.model = TwoViewModel::kEssential;
  settings.max_error = options.max_error;
  settings.confidence = options.confidence;
  settings.max_iterations = options.max_iterations;
  settings.seed = options.seed;
  return UsacMagsac(problem.pairs, problem.camera1, problem.camera2, settings);
}

std::vector<int> Chosen(const std::vector<int>& all,
                        const std::vector<int>& places) {
  std::vector<int> result;
  result.reserve(places.size());
  for (const int place : places) result.push_back(all[place]);
  return result;
}

// Of an E from RANSAC or MAGSAC: the pose that most inliers vote for.
PoseEstimate FromInliers(const Problem& problem,
                         const std::optional<Matrix3>& essential,
                         double max_error) {
  PoseEstimate estimate;
  if (!essential) return estimate;
  const std::vector<int> inliers = problem.Inliers(*essential, max_error);
  estimate.inliers = Chosen(problem.indices, inliers);
  if (inliers.size() < kFewestInliers) return estimate;
  std::vector<PointPair> voters;
  voters.reserve(inliers.size());
  for (const int i : inliers) voters.push_back(problem.normalized[i]);
  estimate.pose = PoseFromEssential(*essential, voters);
  return estimate;
}

PoseEstimate EightPoint(const Problem& problem, const PoseOptions& options) {
  PoseEstimate estimate;
  const auto essential =
      WeightedEightPoint(problem.normalized, problem.weights);
  if (!essential) return estimate;
  estimate.inliers =
      Chosen(problem.indices, problem.Inliers(*essential, options.max_error));
  estimate.pose =
      PoseFromEssential(*essential, problem.normalized, problem.weights);
  return estimate;
}

PoseEstimate Tiepoint(std::span<const PointPair> pairs,
                      std::span<const double> weights,
                      const PinholeCamera& camera1,
                      const PinholeCamera& camera2,
                      const PoseOptions& options) {
  TwoViewOptions settings = options.two_view;
  settings.model = TwoViewModel::kEssential;
  settings.seed = options.seed;
  TwoViewGeometry geometry = EstimateTwoViewGeometry(
      {pairs.begin(), pairs.end()}, camera1, camera2, settings, weights);
  return {geometry.pose, std::move(geometry.inliers),
          std::move(geometry.weights)};
}

PoseEstimate FromEssential(const std::optional<GuidedEssential>& found) {
  PoseEstimate estimate;
  if (!found) return estimate;
  estimate.inliers = found->inliers;
  estimate.weights = found->weights;
  if (found->inliers.size() >= kFewestInliers) estimate.pose = found->pose;
  return estimate;
}

}  // namespace

const char* Name(PoseEstimator estimator) {
  switch (estimator) {
    case PoseEstimator::kEightPoint:
      return "eightpoint";
    case PoseEstimator::kRansac:
      return "ransac";
    case PoseEstimator::kMagsac:
      return "magsac";
    case PoseEstimator::kTiepoint:
      return "tiepoint";
    case PoseEstimator::kGuided:
      return "guided";
    case PoseEstimator::kRegression:
      return "regression";
  }
  return "";
}

PoseEstimator ParsePoseEstimator(const std::string& name) {
  std::string names;
  for (const PoseEstimator estimator : kEstimators) {
    if (name == Name(estimator)) return estimator;
    names += std::string(names.empty() ? "" : ", ") + Name(estimator);
  }
  throw InputError("no pose estimator \"" + name + "\"; there are " + names);
}

PoseEstimate EstimatePose(PoseEstimator estimator,
                          std::span<const PointPair> pairs,
                          std::span<const double> weights,
                          const PinholeCamera& camera1,
                          const PinholeCamera& camera2,
                          const PoseOptions& options) {
  const Problem problem = MakeProblem(pairs, weights, camera1, camera2);
  switch (estimator) {
    case PoseEstimator::kEightPoint:
      return EightPoint(problem, options);
    case PoseEstimator::kRansac:
      return FromInliers(problem, Ransac(problem, options), options.max_error);
    case PoseEstimator::kMagsac:
      return FromInliers(problem, Magsac(problem, options), options.max_error);
    case PoseEstimator::kTiepoint:
      return Tiepoint(pairs, weights, camera1, camera2, options);
    case PoseEstimator::kGuided:
      return FromEssential(
          EstimateEssential(pairs, weights, camera1, camera2,
                            {.max_error = options.max_error,
                             .confidence = options.confidence,
                             .max_iterations = options.max_iterations,
                             .second_look = options.two_view.second_look,
                             .seed = options.seed}));
    case PoseEstimator::kRegression:
      return FromEssential(RegressEssential(pairs, weights, camera1, camera2,
                                            options.max_error));
  }
  return {};
}

}  // namespace tiepoint
