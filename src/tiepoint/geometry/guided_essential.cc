// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/guided_essential.h"

#include <cmath>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/geometry/distinct_pairs.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/guided_search.h"
#include "tiepoint/geometry/prosac_sampler.h"
#include "tiepoint/geometry/second_answer.h"

namespace tiepoint {

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
  if (distinct.size() < ProsacSampler::kSampleSize) return std::nullopt;
  const DistinctPairs all = Voters(pairs, weights, {}, options);
  GuidedSearch search(distinct, distinct_weights, all, camera1, camera2,
                      options);
  std::optional<EssentialModel> model = search.Run();
  if (!model) return std::nullopt;
  if (const auto other = AnswerToTheRest(search, distinct.size(), all, camera1,
                                         camera2, options)) {
    model = search.Reconsider(other->essential);
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
  for (const PointPair& pair : InlierPairs(counted.pairs, model->essential,
                                           camera1, camera2, options)) {
    voters.push_back(Normalized(pair, camera1, camera2));
  }
  result.pose = PoseFromEssential(model->essential, voters);
  result.essential = EssentialFromPose(result.pose);
  return result;
}

}  // namespace tiepoint
