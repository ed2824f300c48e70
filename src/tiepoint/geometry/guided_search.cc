// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/guided_search.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <numeric>

#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/five_point.h"
#include "tiepoint/geometry/plane_twin.h"
#include "tiepoint/geometry/prosac_termination.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;

constexpr int kSampleSize = ProsacSampler::kSampleSize;
// How much a plane that is seen squarely, not from the side, is worth: 0.2 to
// 0.5 choose the same poses of 600 pairs of 12 scenes; with 0.5 the town hall
// of the tests (leuvenA, leuvenB) has the wrong one.
constexpr double kFrontality = 0.25;
// Steps of a refinement within the search and at its end.
constexpr int kSteps = 10, kLastSteps = 20;

// Either of the two poses whose E is nearest, whatever is in front of it: the
// Sampson errors are the same.
Pose AnyPose(const Matrix3d& essential) {
  const Eigen::JacobiSVD<Matrix3d> svd(
      essential, Eigen::ComputeFullU | Eigen::ComputeFullV);
  Matrix3d u = svd.matrixU(), v = svd.matrixV();
  if (u.determinant() < 0) u = -u;
  if (v.determinant() < 0) v = -v;
  Matrix3d w;
  w << 0, -1, 0, 1, 0, 0, 0, 0, 1;
  return {u * w * v.transpose(), u.col(2)};
}

}  // namespace

GuidedSearch::GuidedSearch(std::span<const PointPair> pairs,
                           std::span<const double> weights,
                           const DistinctPairs& all,
                           const PinholeCamera& camera1,
                           const PinholeCamera& camera2,
                           const GuidedOptions& options)
    : options_(options),
      camera1_(camera1),
      camera2_(camera2),
      cutoff_(options.cutoff_factor * options.max_error),
      ranked_(pairs.size()),
      pairs_(pairs),
      weights_(weights),
      problem_(camera1, camera2),
      needed_(options.max_iterations) {
  for (size_t i = 0; i < pairs.size(); ++i) {
    problem_.Add(Normalized(pairs[i], camera1, camera2),
                 options.weigh_scores ? weights[i] : 1);
  }
  std::iota(ranked_.begin(), ranked_.end(), 0);
  std::stable_sort(ranked_.begin(), ranked_.end(),
                   [&](int a, int b) { return weights[a] > weights[b]; });
  for (const int i : ranked_) ranked_weights_.push_back(weights[i]);
  scorer_.emplace(problem_.normalized(), problem_.weights(), camera1, camera2,
                  options.max_error, cutoff_);
  std::vector<PointPair> normalized;
  for (const PointPair& pair : all.pairs) {
    normalized.push_back(Normalized(pair, camera1, camera2));
  }
  everything_.emplace(normalized, all.weights, camera1, camera2,
                      options.max_error, cutoff_);
  sampler_.emplace(ranked_weights_);
}

std::optional<EssentialModel> GuidedSearch::Run() {
  Random random(StreamSeed(options_.seed, 2));
  const int count = static_cast<int>(ranked_.size());
  double best_sampled = 0;
  while (iterations_ < needed_) {
    ++iterations_;
    std::array<PointPair, kSampleSize> sample;
    if (options_.explore_every > 0 &&
        iterations_ % options_.explore_every == 0) {
      for (PointPair& pair : sample) {
        pair = problem_.normalized()[random.Integer(count)];
      }
    } else {
      const auto ranks = sampler_->Sample(random);
      for (int k = 0; k < kSampleSize; ++k) {
        sample[k] = problem_.normalized()[ranked_[ranks[k]]];
      }
    }
    // The best of the sample alone is optimised, and whenever it beats the
    // samples before: against the optimised best none would have a chance.
    std::optional<EssentialModel> candidate;
    for (const Matrix3& essential : FivePoint(sample)) {
      const auto score = scorer_->Score(essential, best_sampled);
      if (!score) continue;
      best_sampled = score->quality;
      candidate = {essential, *score};
    }
    if (!candidate) continue;
    Keep(*candidate);
    Keep(Optimized(FromArray(candidate->essential), kSteps));
  }
  if (!best_) return std::nullopt;
  Keep(Optimized(FromArray(best_->essential), kLastSteps));
  Shake(random);
  ChooseTwin();
  return best_;
}

// Where most inliers lie on a plane, another pose explains the plane as well.
// What lies off the plane decides, and few of it may have weight: all pairs are
// asked. Where they hardly tell, the pose that looks at the plane more squarely
// is likelier: what is seen aslant is seldom matched.
void GuidedSearch::ChooseTwin() {
  std::vector<PointPair> inliers;
  for (const int i : Near(best_->essential, options_.max_error)) {
    inliers.push_back(pairs_[i]);
  }
  const std::vector<PlanePose> twins = PosesOfPlane(
      inliers, camera1_, camera2_, cutoff_, StreamSeed(options_.seed, 4));
  on_plane_ = !twins.empty();
  if (!on_plane_) return;
  const auto likelihood = [&](const Matrix3& essential,
                              const PlanePose& plane) {
    return Agreement(essential) * (1 + kFrontality * plane.frontality);
  };
  const auto distance = [&](const PlanePose& plane) {
    const Matrix3d difference =
        FromArray(plane.essential) - FromArray(best_->essential);
    const Matrix3d sum =
        FromArray(plane.essential) + FromArray(best_->essential);
    return std::min(difference.norm(), sum.norm());
  };
  const PlanePose own = *std::min_element(
      twins.begin(), twins.end(), [&](const PlanePose& a, const PlanePose& b) {
        return distance(a) < distance(b);
      });
  double best = likelihood(best_->essential, own);
  for (const PlanePose& twin : twins) {
    const EssentialModel model =
        Optimized(FromArray(twin.essential), kLastSteps);
    const double value = likelihood(model.essential, twin);
    if (value <= best) continue;
    best = value;
    best_ = model;
  }
}

DistinctPairs GuidedSearch::Unexplained() const {
  DistinctPairs rest;
  const Matrix3d essential = FromArray(best_->essential);
  for (size_t i = 0; i < pairs_.size(); ++i) {
    if (problem_.SquaredError(essential, i) < cutoff_ * cutoff_) continue;
    rest.pairs.push_back(pairs_[i]);
    rest.weights.push_back(weights_[i]);
  }
  return rest;
}

EssentialModel GuidedSearch::Reconsider(const Matrix3& essential) {
  const EssentialModel other = Optimized(FromArray(essential), kLastSteps);
  if (Agreement(other.essential) > Agreement(best_->essential)) {
    best_ = other;
    ChooseTwin();
  }
  return *best_;
}

// The score has several tops side by side where the parallax is small. From
// poses that fit a few inliers best, neighbouring ones are reached.
void GuidedSearch::Shake(Random& random) {
  constexpr int kRounds = 10, kInVain = 3;
  constexpr int kSubset = 20;
  int in_vain = 0;
  for (int round = 0; round < kRounds && in_vain < kInVain; ++round) {
    const std::vector<int> inliers = Near(best_->essential, options_.max_error);
    if (inliers.size() < 2 * kSubset) return;
    SampsonProblem subset(camera1_, camera2_);
    for (int k = 0; k < kSubset; ++k) {
      const int i = inliers[random.Integer(static_cast<int>(inliers.size()))];
      subset.Add(problem_.normalized()[i], problem_.weights()[i]);
    }
    const double before = best_->score.quality;
    const Pose pose = Refined(subset, AnyPose(FromArray(best_->essential)), 3);
    Keep(Optimized(pose.Essential(), kLastSteps));
    in_vain = best_->score.quality > before + 1e-3 ? 0 : in_vain + 1;
  }
}

std::vector<int> GuidedSearch::Near(const Matrix3& essential,
                                    double max_error) const {
  const Matrix3d e = FromArray(essential);
  std::vector<int> near;
  for (size_t i = 0; i < problem_.normalized().size(); ++i) {
    if (problem_.SquaredError(e, i) < max_error * max_error) {
      near.push_back(static_cast<int>(i));
    }
  }
  return near;
}

Pose GuidedSearch::Refined(const SampsonProblem& problem, const Pose& start,
                           int steps) const {
  return problem.Refined(start, {.loss = RobustLoss::kMagsac,
                                 .cutoff = cutoff_,
                                 .max_iterations = steps});
}

// Over the pairs that are near enough to come within the cutoff.
EssentialModel GuidedSearch::Optimized(const Matrix3d& essential,
                                       int steps) const {
  const Pose start = AnyPose(essential);
  SampsonProblem near(camera1_, camera2_);
  for (const int i : Near(ToArray(essential), 2 * cutoff_)) {
    near.Add(problem_.normalized()[i], problem_.weights()[i]);
  }
  EssentialModel result;
  result.essential =
      ToArray(Refined(near, start, steps).Essential().normalized());
  result.score = scorer_->FullScore(result.essential);
  return result;
}

void GuidedSearch::Keep(const EssentialModel& model) {
  if (best_ && model.score.quality <= best_->score.quality) return;
  best_ = model;
  scorer_->SetBest(model.score.num_inliers);
  UpdateNeeded();
}

void GuidedSearch::UpdateNeeded() {
  const Matrix3d essential = FromArray(best_->essential);
  std::vector<bool> inlier_by_rank;
  inlier_by_rank.reserve(ranked_.size());
  for (const int i : ranked_) {
    inlier_by_rank.push_back(problem_.SquaredError(essential, i) <=
                             options_.max_error * options_.max_error);
  }
  const ProsacTermination termination =
      FindProsacTermination(inlier_by_rank, *sampler_, options_);
  needed_ = termination.samples;
  sampler_->LimitPool(termination.pool);
}

}  // namespace tiepoint
