// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/pose_confidence.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiepoint/geometry/distinct_pairs.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/sampson_refinement.h"

namespace tiepoint {
namespace {

using Eigen::Vector4d;

Vector4d Regressors(const PoseEvidence& evidence) {
  return {1, std::log(std::max(evidence.inliers, 1.0)),
          std::log(std::clamp(evidence.share, 1e-3, 1.0)),
          std::log(std::clamp(evidence.sigma, 0.003, 90.0))};
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

const ConfidenceCoefficients kPoseConfidence = {-2.422, 1.032, 0.131, 0.002};

PoseEvidence FindPoseEvidence(std::span<const PointPair> pairs,
                              std::span<const double> weights,
                              const RelativePose& pose,
                              const PinholeCamera& camera1,
                              const PinholeCamera& camera2, double max_error) {
  const DistinctPairs distinct = FindDistinctPairs(pairs, weights, 0);
  PoseEvidence evidence;
  if (distinct.pairs.empty()) return evidence;
  const Pose at{FromArray(pose.rotation),
                Eigen::Vector3d(pose.translation.data())};
  const SampsonProblem problem(distinct.pairs, {}, camera1, camera2);
  Eigen::Matrix<double, 5, 5> normal = Eigen::Matrix<double, 5, 5>::Zero();
  double squares = 0;
  for (size_t i = 0; i < distinct.pairs.size(); ++i) {
    const SampsonError error = problem.Error(at, i);
    if (!(std::abs(error.value) <= max_error)) continue;
    ++evidence.inliers;
    squares += error.value * error.value;
    normal += error.gradient * error.gradient.transpose();
  }
  evidence.share =
      evidence.inliers / static_cast<double>(distinct.pairs.size());
  const double freedom = evidence.inliers - 5;
  if (freedom < 1) return evidence;
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix<double, 5, 5>> solver(
      normal, Eigen::EigenvaluesOnly);
  const double weakest = solver.eigenvalues()(0);
  if (!(weakest > 0)) return evidence;
  evidence.sigma = std::min(
      90.0, std::sqrt(squares / freedom / weakest) * 180 / std::numbers::pi);
  return evidence;
}

double PoseConfidence(const PoseEvidence& evidence,
                      const ConfidenceCoefficients& c) {
  return Sigmoid(Regressors(evidence).dot(Vector4d(c.data())));
}

ConfidenceCoefficients FitPoseConfidence(std::span<const PoseEvidence> evidence,
                                         const std::vector<bool>& right) {
  constexpr double kRidge = 1e-2;
  Vector4d c = Vector4d::Zero();
  for (int step = 0; step < 50; ++step) {
    Eigen::Matrix4d curvature = kRidge * Eigen::Matrix4d::Identity();
    Vector4d slope = -kRidge * c;
    for (size_t i = 0; i < evidence.size(); ++i) {
      const Vector4d x = Regressors(evidence[i]);
      const double p = Sigmoid(c.dot(x));
      slope += ((right[i] ? 1.0 : 0.0) - p) * x;
      curvature += p * (1 - p) * x * x.transpose();
    }
    const Vector4d move = curvature.ldlt().solve(slope);
    // Not further than where the quadratic still means something.
    c += move * std::min(1.0, 2 / std::max(move.norm(), 1e-9));
    if (move.norm() < 1e-8) break;
  }
  return {c(0), c(1), c(2), c(3)};
}

}  // namespace tiepoint
