// SPDX-License-Identifier: Apache-2.0
#include "evaluation/model_metrics.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;
using PointPairs = std::vector<std::pair<Vector3, Vector3>>;

constexpr int kMaxTriples = 2000;
constexpr double kInlierDeviations = 2.5;
constexpr int kMaxRefits = 20;
// Standard deviation of a normal distribution from the median distance.
constexpr double kDeviationFromMedian = 1.4826;

Vector3d ToEigen(const Vector3& v) { return Vector3d(v.data()); }
Vector3 ToVector(const Vector3d& v) { return {v.x(), v.y(), v.z()}; }

Matrix3d ToEigen(const Matrix3& m) {
  return Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(
      m.data());
}
Matrix3 ToMatrix(const Matrix3d& m) {
  Matrix3 result;
  Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(result.data()) = m;
  return result;
}

// ------------------------------------------------------------- similarities

std::vector<double> Distances(const Similarity& similarity,
                              const PointPairs& pairs) {
  std::vector<double> distances;
  for (const auto& [modelled, truth] : pairs) {
    distances.push_back(
        (ToEigen(similarity(modelled)) - ToEigen(truth)).norm());
  }
  return distances;
}

// The quantile of the distances that is made small: the least that three exact
// pairs cannot make zero by themselves.
size_t QuantileRank(size_t count) {
  return std::min(count - 1, (count + 4) / 2 - 1);
}

double Quantile(std::vector<double> distances) {
  const auto place = distances.begin() + QuantileRank(distances.size());
  std::nth_element(distances.begin(), place, distances.end());
  return *place;
}

// All triples of indices below `count`, or kMaxTriples random ones.
std::vector<std::array<int, 3>> Triples(int count) {
  std::vector<std::array<int, 3>> triples;
  const int64_t number = int64_t{count} * (count - 1) * (count - 2) / 6;
  if (number <= kMaxTriples) {
    for (int i = 0; i < count; ++i) {
      for (int j = i + 1; j < count; ++j) {
        for (int k = j + 1; k < count; ++k) triples.push_back({i, j, k});
      }
    }
    return triples;
  }
  Random random(0);
  while (triples.size() < kMaxTriples) {
    const int i = random.Integer(count), j = random.Integer(count),
              k = random.Integer(count);
    if (i != j && j != k && i != k) triples.push_back({i, j, k});
  }
  return triples;
}

std::optional<Similarity> BestOfTriples(const PointPairs& pairs) {
  std::optional<Similarity> best;
  double smallest = std::numeric_limits<double>::infinity();
  for (const auto& [i, j, k] : Triples(static_cast<int>(pairs.size()))) {
    const auto similarity = FitSimilarity({pairs[i], pairs[j], pairs[k]});
    if (!similarity) continue;
    const double quantile = Quantile(Distances(*similarity, pairs));
    if (quantile < smallest) {
      smallest = quantile;
      best = similarity;
    }
  }
  return best;
}

PointPairs InliersOf(const Similarity& similarity, const PointPairs& pairs) {
  const std::vector<double> distances = Distances(similarity, pairs);
  // The pairs of the quantile itself are always in: it is more than 0 / 0.
  const double bound =
      kInlierDeviations * kDeviationFromMedian * Quantile(distances);
  PointPairs inliers;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (distances[i] <= bound) inliers.push_back(pairs[i]);
  }
  return inliers;
}

// ---------------------------------------------------------------- rotations

// Degrees. From the sine of half the angle: exact for small angles too.
double Angle(const Matrix3d& rotation1, const Matrix3d& rotation2) {
  const double half_sine =
      (rotation1 - rotation2).norm() / (2 * std::numbers::sqrt2);
  return 2 * std::asin(std::min(1.0, half_sine)) * 180 / std::numbers::pi;
}

std::vector<double> Angles(const Matrix3d& rotation,
                           const std::vector<Matrix3d>& rotations) {
  std::vector<double> angles;
  angles.reserve(rotations.size());
  for (const Matrix3d& other : rotations) {
    angles.push_back(Angle(rotation, other));
  }
  return angles;
}

// The rotation nearest to the sum.
Matrix3d MeanRotation(const std::vector<Matrix3d>& rotations) {
  Matrix3d sum = Matrix3d::Zero();
  for (const Matrix3d& rotation : rotations) sum += rotation;
  const Eigen::JacobiSVD<Matrix3d> svd(
      sum, Eigen::ComputeFullU | Eigen::ComputeFullV);
  Vector3d signs(
      1, 1,
      (svd.matrixU() * svd.matrixV().transpose()).determinant() < 0 ? -1 : 1);
  return svd.matrixU() * signs.asDiagonal() * svd.matrixV().transpose();
}

// Begins with the rotation that is nearest to all others and takes the mean of
// those near to it.
Matrix3d RobustMeanRotation(const std::vector<Matrix3d>& rotations) {
  Matrix3d best = rotations[0];
  double smallest = std::numeric_limits<double>::infinity();
  for (const Matrix3d& rotation : rotations) {
    double sum = 0;
    for (const double angle : Angles(rotation, rotations)) sum += angle;
    if (sum < smallest) {
      smallest = sum;
      best = rotation;
    }
  }
  const std::vector<double> angles = Angles(best, rotations);
  const double bound =
      kInlierDeviations * kDeviationFromMedian * Quantile(angles);
  std::vector<Matrix3d> inliers;
  for (size_t i = 0; i < rotations.size(); ++i) {
    if (angles[i] <= bound) inliers.push_back(rotations[i]);
  }
  return MeanRotation(inliers);
}

}  // namespace

Vector3 CameraPose::Centre() const {
  return ToVector(-ToEigen(rotation).transpose() * ToEigen(translation));
}

Vector3 Similarity::operator()(const Vector3& point) const {
  return ToVector(scale * (ToEigen(rotation) * ToEigen(point)) +
                  ToEigen(translation));
}

std::optional<Similarity> FitSimilarity(const PointPairs& pairs) {
  if (pairs.size() < 3) return std::nullopt;
  Eigen::Matrix3Xd modelled(3, pairs.size()), truth(3, pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    modelled.col(static_cast<Eigen::Index>(i)) = ToEigen(pairs[i].first);
    truth.col(static_cast<Eigen::Index>(i)) = ToEigen(pairs[i].second);
  }
  const auto is_point = [](const Eigen::Matrix3Xd& points) {
    const Vector3d mean = points.rowwise().mean();
    return (points.colwise() - mean).norm() <= 1e-12 * points.norm();
  };
  if (is_point(modelled) || is_point(truth)) return std::nullopt;
  const Eigen::Matrix4d matrix = Eigen::umeyama(modelled, truth, true);
  if (!matrix.allFinite()) return std::nullopt;
  const Matrix3d scaled = matrix.topLeftCorner<3, 3>();
  Similarity similarity;
  similarity.scale = std::cbrt(scaled.determinant());
  if (!(similarity.scale > 0)) return std::nullopt;
  similarity.rotation = ToMatrix(scaled / similarity.scale);
  similarity.translation = ToVector(matrix.topRightCorner<3, 1>());
  return similarity;
}

std::optional<Similarity> FitSimilarityRobustly(const PointPairs& pairs) {
  if (pairs.size() < 3) return std::nullopt;
  std::optional<Similarity> best = BestOfTriples(pairs);
  if (!best) return std::nullopt;
  PointPairs inliers;
  for (int refit = 0; refit < kMaxRefits; ++refit) {
    PointPairs now = InliersOf(*best, pairs);
    if (now == inliers) break;
    const std::optional<Similarity> better = FitSimilarity(now);
    if (!better) break;
    best = better;
    inliers = std::move(now);
  }
  return best;
}

PoseErrors ComparePoses(const ColmapModel& model,
                        const std::map<std::string, CameraPose>& truth) {
  PoseErrors errors;
  PointPairs centres;
  std::vector<Matrix3d> turns;                 // true world from the model's
  std::map<std::string, CameraPose> modelled;  // by name: order of errors
  for (const auto& [id, image] : model.images) {
    modelled[image.name] = {image.rotation, image.translation};
  }
  for (const auto& [name, pose] : modelled) {
    const auto found = truth.find(name);
    if (found == truth.end()) continue;
    errors.images.push_back(name);
    centres.emplace_back(pose.Centre(), found->second.Centre());
    turns.emplace_back(ToEigen(found->second.rotation).transpose() *
                       ToEigen(pose.rotation));
  }
  const std::optional<Similarity> aligned = FitSimilarityRobustly(centres);
  if (!aligned) return {};
  errors.position = Distances(*aligned, centres);
  errors.rotation = Angles(RobustMeanRotation(turns), turns);
  return errors;
}

}  // namespace tiepoint
