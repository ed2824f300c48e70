// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/guided_essential.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/geometry/distinct_pairs.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/five_point.h"
#include "tiepoint/geometry/model_scorer.h"
#include "tiepoint/geometry/plane_twin.h"
#include "tiepoint/geometry/prosac_sampler.h"
#include "tiepoint/geometry/sampson_refinement.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;

constexpr int kSampleSize = ProsacSampler::kSampleSize;
// How much a plane that is seen squarely, not from the side, is worth: 0.2 to
// 0.5 choose the same poses of 600 pairs of 12 scenes; with 0.5 the town hall
// of the tests (leuvenA, leuvenB) has the wrong one.
constexpr double kFrontality = 0.25;
// What a pair of weight 0 counts where the whole answer is judged.
constexpr double kRefused = 0.5;
// Pairs that the answer does not explain are searched for another one when they
// are so many, in numbers and as a share of those explained.
constexpr double kFewestOfSecond = 15, kShareOfSecond = 0.2;
constexpr int kIterationsOfSecond = 1000;
// Answers that explain so much of what the other one does are both possible.
constexpr double kComparable = 0.6;
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

struct Model {
  Matrix3 essential;
  ModelScore score;
};

class Search {
 public:
  // Distinct pairs with weights above 0, in random order.
  // `all`: distinct pairs of any weight.
  Search(std::span<const PointPair> pairs, std::span<const double> weights,
         const DistinctPairs& all, const PinholeCamera& camera1,
         const PinholeCamera& camera2, const GuidedOptions& options);

  std::optional<Model> Run();
  int iterations() const { return iterations_; }
  // After Run: the pairs with weights above 0 that the answer does not explain.
  DistinctPairs Unexplained() const;
  // The better one of the answer of Run and of what `essential` leads to.
  Model Reconsider(const Matrix3& essential);
  // After Run: do the inliers lie on a plane?
  bool OnPlane() const { return on_plane_; }
  // How well all pairs agree with it.
  double Agreement(const Matrix3& essential) const {
    return everything_->FullScore(essential).quality;
  }

 private:
  std::vector<int> Near(const Matrix3& essential, double max_error) const;
  Pose Refined(const SampsonProblem& problem, const Pose& start,
               int steps) const;
  Model Optimized(const Matrix3d& essential, int steps) const;
  void Keep(const Model& model);
  void UpdateNeeded();
  void Shake(Random& random);
  void ChooseTwin();

  const GuidedOptions options_;
  const PinholeCamera camera1_, camera2_;
  const double cutoff_;
  std::vector<int> ranked_;  // places in problem_, by weight
  std::vector<double> ranked_weights_;
  const std::span<const PointPair> pairs_;
  const std::span<const double> weights_;
  SampsonProblem problem_;
  // Of weight above 0; of all.
  std::optional<ModelScorer> scorer_, everything_;
  std::optional<ProsacSampler> sampler_;
  std::optional<Model> best_;
  bool on_plane_ = false;
  int iterations_ = 0;
  int needed_;
};

Search::Search(std::span<const PointPair> pairs,
               std::span<const double> weights, const DistinctPairs& all,
               const PinholeCamera& camera1, const PinholeCamera& camera2,
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

std::optional<Model> Search::Run() {
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
    std::optional<Model> candidate;
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
void Search::ChooseTwin() {
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
    const Model model = Optimized(FromArray(twin.essential), kLastSteps);
    const double value = likelihood(model.essential, twin);
    if (value <= best) continue;
    best = value;
    best_ = model;
  }
}

DistinctPairs Search::Unexplained() const {
  DistinctPairs rest;
  const Matrix3d essential = FromArray(best_->essential);
  for (size_t i = 0; i < pairs_.size(); ++i) {
    if (problem_.SquaredError(essential, i) < cutoff_ * cutoff_) continue;
    rest.pairs.push_back(pairs_[i]);
    rest.weights.push_back(weights_[i]);
  }
  return rest;
}

Model Search::Reconsider(const Matrix3& essential) {
  const Model other = Optimized(FromArray(essential), kLastSteps);
  if (Agreement(other.essential) > Agreement(best_->essential)) {
    best_ = other;
    ChooseTwin();
  }
  return *best_;
}

// The score has several tops side by side where the parallax is small. From
// poses that fit a few inliers best, neighbouring ones are reached.
void Search::Shake(Random& random) {
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

std::vector<int> Search::Near(const Matrix3& essential,
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

Pose Search::Refined(const SampsonProblem& problem, const Pose& start,
                     int steps) const {
  return problem.Refined(start, {.loss = RobustLoss::kMagsac,
                                 .cutoff = cutoff_,
                                 .max_iterations = steps});
}

// Over the pairs that are near enough to come within the cutoff.
Model Search::Optimized(const Matrix3d& essential, int steps) const {
  const Pose start = AnyPose(essential);
  SampsonProblem near(camera1_, camera2_);
  for (const int i : Near(ToArray(essential), 2 * cutoff_)) {
    near.Add(problem_.normalized()[i], problem_.weights()[i]);
  }
  Model result;
  result.essential =
      ToArray(Refined(near, start, steps).Essential().normalized());
  result.score = scorer_->FullScore(result.essential);
  return result;
}

void Search::Keep(const Model& model) {
  if (best_ && model.score.quality <= best_->score.quality) return;
  best_ = model;
  scorer_->SetBest(model.score.num_inliers);
  UpdateNeeded();
}

// PROSAC's rule: the search may end when, for the n best ranks of some n, their
// share of inliers is no chance (5 % level, wrong models having 5 % inliers)
// and a sample of right ones would have been drawn with the confidence wanted.
void Search::UpdateNeeded() {
  constexpr int kFewest = 20;
  constexpr double kByChance = 0.05;
  const int count = static_cast<int>(ranked_.size());
  const Matrix3d essential = FromArray(best_->essential);
  double least = options_.max_iterations;
  int pool = count;
  int inliers = 0;
  for (int n = 1; n <= count; ++n) {
    inliers += problem_.SquaredError(essential, ranked_[n - 1]) <=
               options_.max_error * options_.max_error;
    if (!sampler_->EndsGroup(n) || (n < kFewest && n < count)) continue;
    const double random = kSampleSize + (n - kSampleSize) * kByChance +
                          std::sqrt(2.706 * n * kByChance * (1 - kByChance));
    if (inliers < random && n < count) continue;
    double right = 1;  // chance of a sample
    for (int k = 0; k < kSampleSize; ++k) {
      right *= std::max(0.0, static_cast<double>(inliers - k) / (n - k));
    }
    const double samples =
        right >= 1 ? 1 : std::log1p(-options_.confidence) / std::log1p(-right);
    // The largest of pools that are as good: samples should be spread.
    if (samples <= std::max<double>(least, options_.min_iterations)) {
      least = std::min(least, samples);
      pool = n;
    }
    // Where samples are also drawn from all pairs alike, their rule counts too.
    if (n == count && options_.explore_every > 0) {
      least = std::max(least, samples);
    }
  }
  needed_ = std::min(
      options_.max_iterations,
      std::max(options_.min_iterations, static_cast<int>(std::ceil(least))));
  sampler_->LimitPool(pool);
}

// All pairs, by what they count where whole answers are judged: those without
// weight of the first or the second look by half.
DistinctPairs Voters(std::span<const PointPair> pairs,
                     std::span<const double> weights,
                     std::span<const double> second,
                     const GuidedOptions& options) {
  std::vector<double> votes(pairs.size(), 1);
  for (size_t i = 0; i < weights.size(); ++i) {
    const bool again = !second.empty() && second[i] > 0;
    if (weights[i] == 0 && !again) votes[i] = kRefused;
  }
  return FindDistinctPairs(pairs, votes, StreamSeed(options.seed, 1));
}

// For an answer to what another one leaves over.
GuidedOptions Brief(GuidedOptions options) {
  options.max_iterations =
      std::min(options.max_iterations, kIterationsOfSecond);
  return options;
}

// The inliers among the pairs.
std::vector<PointPair> Explained(std::span<const PointPair> pairs,
                                 const Matrix3& essential,
                                 const PinholeCamera& camera1,
                                 const PinholeCamera& camera2,
                                 const GuidedOptions& options) {
  std::vector<PointPair> inliers;
  for (const int i :
       EpipolarInliers(FundamentalFromEssential(essential, camera1, camera2),
                       pairs, options.max_error)) {
    inliers.push_back(pairs[i]);
  }
  return inliers;
}

// Two answers that rest on one repeated plane, moved by a pattern: both explain
// it, so what lies off the plane decides. Is `second` the better one?
bool MoreOffThePlanes(const Model& first, const Model& second,
                      const DistinctPairs& voters, const PinholeCamera& camera1,
                      const PinholeCamera& camera2,
                      const GuidedOptions& options) {
  const double cutoff = options.cutoff_factor * options.max_error;
  std::vector<bool> on_plane(voters.pairs.size());
  for (const Model* model : {&first, &second}) {
    const auto plane = DominantPlane(
        Explained(voters.pairs, model->essential, camera1, camera2, options),
        cutoff, StreamSeed(options.seed, 5));
    if (!plane) continue;
    for (size_t i = 0; i < voters.pairs.size(); ++i) {
      on_plane[i] =
          on_plane[i] || TransferError(*plane, voters.pairs[i]) <= 2 * cutoff;
    }
  }
  std::vector<PointPair> off;
  std::vector<double> votes;
  for (size_t i = 0; i < voters.pairs.size(); ++i) {
    if (on_plane[i]) continue;
    off.push_back(Normalized(voters.pairs[i], camera1, camera2));
    votes.push_back(voters.weights[i]);
  }
  const ModelScorer scorer(off, votes, camera1, camera2, options.max_error,
                           cutoff);
  return scorer.FullScore(second.essential).quality >
         scorer.FullScore(first.essential).quality;
}

struct SecondAnswer {
  Model model;
  DistinctPairs pairs;          // of weight above 0
  std::vector<double> weights;  // one a pair
};

// The answer of the second look, where it is better than `first`.
std::optional<SecondAnswer> LookAgain(std::span<const PointPair> pairs,
                                      std::span<const double> weights,
                                      const Model& first,
                                      const PinholeCamera& camera1,
                                      const PinholeCamera& camera2,
                                      const GuidedOptions& options) {
  SecondAnswer answer;
  answer.weights = options.second_look(EpipolarInliers(
      FundamentalFromEssential(first.essential, camera1, camera2), pairs,
      options.cutoff_factor * options.max_error));
  answer.pairs =
      FindDistinctPairs(pairs, answer.weights, StreamSeed(options.seed, 1));
  if (static_cast<double>(answer.pairs.pairs.size()) < kFewestOfSecond) {
    return std::nullopt;
  }
  const DistinctPairs voters = Voters(pairs, weights, answer.weights, options);
  Search search(answer.pairs.pairs, answer.pairs.weights, voters, camera1,
                camera2, Brief(options));
  const auto found = search.Run();
  if (!found) return std::nullopt;
  const double now = search.Agreement(first.essential);
  const double then = search.Agreement(found->essential);
  const bool better =
      std::min(now, then) < kComparable * std::max(now, then)
          ? then > now
          : MoreOffThePlanes(first, *found, voters, camera1, camera2, options);
  if (!better) return std::nullopt;
  answer.model = *found;
  return answer;
}

}  // namespace

std::string GuidedOptions::Validate() const {
  if (!(max_error > 0) || !std::isfinite(max_error)) {
    return "the largest error of an inlier must be a positive number of pixels";
  }
  if (!(cutoff_factor >= 1) || !std::isfinite(cutoff_factor)) {
    return "the factor of the cutoff must be at least 1";
  }
  if (!(confidence > 0 && confidence < 1)) {
    return "the confidence must lie between 0 and 1";
  }
  if (explore_every < 0) return "explore_every must not be negative";
  if (max_iterations < 1) return "at least one iteration is needed";
  return "";
}

std::optional<GuidedEssential> EstimateEssential(
    std::span<const PointPair> pairs, std::span<const double> weights,
    const PinholeCamera& camera1, const PinholeCamera& camera2,
    const GuidedOptions& options) {
  const std::string problem = options.Validate();
  if (!problem.empty()) throw InputError(problem);
  if (!(Usable(camera1) && Usable(camera2))) {
    throw InputError("a camera needs finite numbers and focal lengths above 0");
  }
  const auto [distinct, distinct_weights] =
      FindDistinctPairs(pairs, weights, StreamSeed(options.seed, 1));
  if (distinct.size() < kSampleSize) return std::nullopt;
  const DistinctPairs all = Voters(pairs, weights, {}, options);
  Search search(distinct, distinct_weights, all, camera1, camera2, options);
  std::optional<Model> model = search.Run();
  if (!model) return std::nullopt;
  const DistinctPairs rest = search.Unexplained();
  const auto explained =
      static_cast<double>(distinct.size() - rest.pairs.size());
  if (rest.pairs.size() >=
      std::max(kFewestOfSecond, kShareOfSecond * explained)) {
    Search second(rest.pairs, rest.weights, all, camera1, camera2,
                  Brief(options));
    if (const auto other = second.Run()) {
      model = search.Reconsider(other->essential);
    }
  }
  GuidedEssential result;
  DistinctPairs counted{distinct, distinct_weights};
  if (options.second_look && search.OnPlane()) {
    if (auto other =
            LookAgain(pairs, weights, *model, camera1, camera2, options)) {
      model = other->model;
      counted = std::move(other->pairs);
      result.weights = std::move(other->weights);
    }
  }
  result.iterations = search.iterations();
  result.score = model->score.quality;
  result.essential = model->essential;
  const Matrix3 in_pixels =
      FundamentalFromEssential(model->essential, camera1, camera2);
  result.inliers = EpipolarInliers(in_pixels, pairs, options.max_error);
  std::vector<PointPair> voters;
  for (const PointPair& pair :
       Explained(counted.pairs, model->essential, camera1, camera2, options)) {
    voters.push_back(Normalized(pair, camera1, camera2));
  }
  result.pose = PoseFromEssential(model->essential, voters);
  result.essential = EssentialFromPose(result.pose);
  return result;
}

}  // namespace tiepoint
