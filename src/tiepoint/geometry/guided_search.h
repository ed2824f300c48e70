// SPDX-License-Identifier: Apache-2.0
// The search of EstimateEssential (guided_essential.h) for one answer, for the
// sources of this layer.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/geometry/distinct_pairs.h"
#include "tiepoint/geometry/guided_essential.h"
#include "tiepoint/geometry/model_scorer.h"
#include "tiepoint/geometry/prosac_sampler.h"
#include "tiepoint/geometry/sampson_refinement.h"
#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// An essential matrix of unit norm and its score over the pairs searched.
struct EssentialModel {
  Matrix3 essential;
  ModelScore score;
};

// PROSAC with local optimisation: five-point models of samples by weight, the
// promising ones refined by least squares of the Sampson errors. Deterministic;
// one thread. Pairs in pixels, all Usable().
class GuidedSearch {
 public:
  // Distinct pairs with weights above 0, at least five, in random order; they
  // must outlive the search. `all`: distinct pairs of any weight, with what
  // each counts where whole answers are judged.
  GuidedSearch(std::span<const PointPair> pairs,
               std::span<const double> weights, const DistinctPairs& all,
               const PinholeCamera& camera1, const PinholeCamera& camera2,
               const GuidedOptions& options);

  // The answer; nothing when no sample has a model.
  std::optional<EssentialModel> Run();
  // Samples drawn.
  int iterations() const { return iterations_; }
  // After Run: the pairs with weights above 0 that the answer does not explain.
  DistinctPairs Unexplained() const;
  // The better one of the answer of Run and of what `essential` leads to.
  EssentialModel Reconsider(const Matrix3& essential);
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
  EssentialModel Optimized(const Eigen::Matrix3d& essential, int steps) const;
  void Keep(const EssentialModel& model);
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
  std::optional<EssentialModel> best_;
  bool on_plane_ = false;
  int iterations_ = 0;
  int needed_;
};

}  // namespace tiepoint
