// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/regressed_essential.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/best_rotation.h"
#include "tiepoint/geometry/distinct_pairs.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/model_scorer.h"
#include "tiepoint/geometry/sampson_refinement.h"
#include "tiepoint/geometry/weighted_eight_point.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;

constexpr size_t kFewestPairs = 8;
// Matches that a start is refined on: enough to tell a good start from a bad
// one.
constexpr size_t kMatchesOfStart = 400;
constexpr double kWidest = 50;   // pixels
constexpr double kShrink = 2.5;  // from one cutoff to the next
constexpr int kSteps = 6, kLastSteps = 20;

// Twice: the second time without the half that fits worst.
Matrix3d RobustRotation(std::span<const PointPair> normalized,
                        std::span<const double> weights) {
  const Matrix3d first = BestRotation<double>(normalized, weights);
  std::vector<double> errors;
  errors.reserve(normalized.size());
  for (const PointPair& pair : normalized) {
    errors.push_back((Ray2(pair).normalized() - first * Ray1(pair).normalized())
                         .squaredNorm());
  }
  std::vector<double> sorted = errors;
  const auto middle = sorted.begin() + sorted.size() / 2;
  std::nth_element(sorted.begin(), middle, sorted.end());
  std::vector<double> used(weights.begin(), weights.end());
  for (size_t i = 0; i < errors.size(); ++i) {
    if (errors[i] > *middle) used[i] = 0;
  }
  return BestRotation<double>(normalized, used);
}

// One of each pair of opposite directions: axes, and diagonals of the faces and
// of the cube.
std::vector<Vector3d> Directions() {
  std::vector<Vector3d> directions;
  for (int x = -1; x <= 1; ++x) {
    for (int y = -1; y <= 1; ++y) {
      for (int z = -1; z <= 1; ++z) {
        const bool first = z > 0 || (z == 0 && (y > 0 || (y == 0 && x > 0)));
        if (first) directions.push_back(Vector3d(x, y, z).normalized());
      }
    }
  }
  return directions;
}

Pose PoseOf(const Matrix3& essential, std::span<const PointPair> normalized,
            std::span<const double> weights) {
  const RelativePose pose = PoseFromEssential(essential, normalized, weights);
  return {FromArray(pose.rotation), Vector3d(pose.translation.data())};
}

}  // namespace

std::optional<GuidedEssential> RegressEssential(
    std::span<const PointPair> pairs, std::span<const double> weights,
    const PinholeCamera& camera1, const PinholeCamera& camera2,
    double max_error) {
  if (!(max_error > 0) || !std::isfinite(max_error)) {
    throw InputError("the largest error must be a positive number of pixels");
  }
  if (!(Usable(camera1) && Usable(camera2))) {
    throw InputError("a camera needs finite numbers and focal lengths above 0");
  }
  const DistinctPairs found = FindDistinctPairs(pairs, weights, 0);
  const std::vector<PointPair>& distinct = found.pairs;
  const std::vector<double>& all_weights = found.weights;
  if (distinct.size() < kFewestPairs) return std::nullopt;

  // By weight; of equals in their drawn order, which is the same for any order
  // handed in.
  std::vector<int> order(distinct.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return all_weights[a] > all_weights[b];
  });
  std::vector<PointPair> normalized;
  std::vector<double> ranked;
  for (const int i : order) {
    normalized.push_back(Normalized(distinct[i], camera1, camera2));
    ranked.push_back(all_weights[i]);
  }
  SampsonProblem problem(camera1, camera2), few(camera1, camera2);
  for (size_t i = 0; i < normalized.size(); ++i) {
    problem.Add(normalized[i], ranked[i]);
  }
  // Evenly through the ranks.
  const size_t count = std::min(kMatchesOfStart, normalized.size());
  for (size_t k = 0; k < count; ++k) {
    const size_t i = k * normalized.size() / count;
    few.Add(normalized[i], ranked[i]);
  }

  std::vector<Pose> starts;
  for (const double share : {1.0, 0.5, 0.25, 0.1}) {
    const auto used = static_cast<size_t>(share * normalized.size());
    if (used < kFewestPairs) continue;
    const std::span points(normalized.data(), used);
    const std::span of_points(ranked.data(), used);
    const auto essential = ConditionedEightPoint(points, of_points);
    if (essential) starts.push_back(PoseOf(*essential, points, of_points));
  }
  const Matrix3d rotation = RobustRotation(normalized, ranked);
  for (const Vector3d& direction : Directions()) {
    starts.push_back({rotation, direction});
  }

  const double narrowest = 2 * max_error;
  const auto refined = [&](const SampsonProblem& on, Pose pose, double widest,
                           int last_steps) {
    double cutoff = widest;
    while (cutoff > narrowest) {
      pose = on.Refined(pose, {.loss = RobustLoss::kMagsac,
                               .cutoff = cutoff,
                               .max_iterations = kSteps});
      cutoff /= kShrink;
    }
    return on.Refined(pose, {.loss = RobustLoss::kMagsac,
                             .cutoff = narrowest,
                             .max_iterations = last_steps});
  };
  const ModelScorer scorer(problem.normalized(), problem.weights(), camera1,
                           camera2, max_error, narrowest);
  const auto score = [&](const Pose& pose) {
    return scorer.FullScore(ToArray(pose.Essential().normalized())).quality;
  };
  struct Scored {
    Pose pose;
    double quality;
  };
  std::vector<Scored> ends;
  for (const Pose& start : starts) {
    const Pose end = refined(few, start, kWidest, kSteps);
    ends.push_back({end, score(end)});
  }
  // The best of them once more, on everything.
  std::stable_sort(ends.begin(), ends.end(), [](const auto& a, const auto& b) {
    return a.quality > b.quality;
  });
  ends.resize(std::min<size_t>(ends.size(), 3));
  Scored best = ends.front();
  for (const Scored& end : ends) {
    const Pose pose =
        refined(problem, end.pose, narrowest * kShrink * kShrink, kLastSteps);
    const double quality = score(pose);
    if (quality > best.quality) best = {pose, quality};
  }

  GuidedEssential result;
  result.score = best.quality;
  result.essential = ToArray(best.pose.Essential().normalized());
  const Matrix3 in_pixels =
      FundamentalFromEssential(result.essential, camera1, camera2);
  result.inliers = EpipolarInliers(in_pixels, pairs, max_error);
  std::vector<PointPair> voters;
  std::vector<double> votes;
  for (const int i : EpipolarInliers(in_pixels, distinct, max_error)) {
    voters.push_back(Normalized(distinct[i], camera1, camera2));
    votes.push_back(all_weights[i]);
  }
  result.pose = voters.empty()
                    ? PoseFromEssential(result.essential, normalized, ranked)
                    : PoseFromEssential(result.essential, voters, votes);
  result.essential = EssentialFromPose(result.pose);
  return result;
}

}  // namespace tiepoint
