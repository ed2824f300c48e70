// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/second_answer.h"

#include <algorithm>
#include <utility>

#include "tiepoint/base/random.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/model_scorer.h"
#include "tiepoint/geometry/plane_twin.h"

namespace tiepoint {
namespace {

// What a pair of weight 0 counts where the whole answer is judged.
constexpr double kRefused = 0.5;
// Pairs that the answer does not explain are searched for another one when they
// are so many, in numbers and as a share of those explained.
constexpr double kFewestOfSecond = 15, kShareOfSecond = 0.2;
constexpr int kIterationsOfSecond = 1000;
// Answers that explain so much of what the other one does are both possible.
constexpr double kComparable = 0.6;

// For an answer to what another one leaves over.
GuidedOptions Brief(GuidedOptions options) {
  options.max_iterations =
      std::min(options.max_iterations, kIterationsOfSecond);
  return options;
}

// Two answers that rest on one repeated plane, moved by a pattern: both explain
// it, so what lies off the plane decides. Is `second` the better one?
bool MoreOffThePlanes(const EssentialModel& first, const EssentialModel& second,
                      const DistinctPairs& voters, const PinholeCamera& camera1,
                      const PinholeCamera& camera2,
                      const GuidedOptions& options) {
  const double cutoff = options.cutoff_factor * options.max_error;
  std::vector<bool> on_plane(voters.pairs.size());
  for (const EssentialModel* model : {&first, &second}) {
    const auto plane = DominantPlane(
        InlierPairs(voters.pairs, model->essential, camera1, camera2, options),
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

}  // namespace

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

std::vector<PointPair> InlierPairs(std::span<const PointPair> pairs,
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

std::optional<EssentialModel> AnswerToTheRest(const GuidedSearch& search,
                                              size_t searched,
                                              const DistinctPairs& voters,
                                              const PinholeCamera& camera1,
                                              const PinholeCamera& camera2,
                                              const GuidedOptions& options) {
  const DistinctPairs rest = search.Unexplained();
  const auto explained = static_cast<double>(searched - rest.pairs.size());
  if (rest.pairs.size() <
      std::max(kFewestOfSecond, kShareOfSecond * explained)) {
    return std::nullopt;
  }
  return GuidedSearch(rest.pairs, rest.weights, voters, camera1, camera2,
                      Brief(options))
      .Run();
}

std::optional<SecondAnswer> LookAgain(std::span<const PointPair> pairs,
                                      std::span<const double> weights,
                                      const EssentialModel& first,
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
  GuidedSearch search(answer.pairs.pairs, answer.pairs.weights, voters, camera1,
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

}  // namespace tiepoint
