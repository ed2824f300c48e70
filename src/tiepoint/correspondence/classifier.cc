// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/classifier.h"

#include <algorithm>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/correspondence/match_inputs.h"
#include "tiepoint/geometry/essential.h"

namespace tiepoint {
namespace {

Matrix3 UnitNorm(Matrix3 matrix) {
  double squares = 0;
  for (const double v : matrix) squares += v * v;
  for (double& v : matrix) v /= std::sqrt(squares);
  return matrix;
}

// Hardly any wrong match is so much better than the next best, both ways.
bool IsDistinctive(const Match& match) {
  constexpr float kRatio = 0.6F;
  return match.ratio < kRatio && match.reverse_ratio < kRatio;
}

// The network learned from pairs of which some matches are wrong. Of two copies
// of a photograph, or frames that hardly differ, it may make nothing at all:
// where it refuses most of the distinctive matches, they count as right.
void TrustDistinctive(const std::vector<Match>& matches,
                      ConsensusResult& result) {
  constexpr int kFewest = 16;
  int distinctive = 0, kept = 0;
  for (size_t k = 0; k < matches.size(); ++k) {
    if (!IsDistinctive(matches[k])) continue;
    ++distinctive;
    kept += result.weights[k] > 0;
  }
  if (distinctive < kFewest || 2 * kept >= distinctive) return;
  for (size_t k = 0; k < matches.size(); ++k) {
    if (!IsDistinctive(matches[k]) || !std::isfinite(result.logits[k])) {
      continue;
    }
    result.logits[k] = std::max(result.logits[k], 1.0F);
    result.weights[k] = std::tanh(result.logits[k]);
  }
}

}  // namespace

CorrespondenceClassifier::CorrespondenceClassifier(const std::string& path)
    : CorrespondenceClassifier(ReadConsensusModel(path)) {}

CorrespondenceClassifier::CorrespondenceClassifier(ConsensusModel model)
    : network_(std::move(model)) {
  // Says so now, not at the first pair.
  MakeMatchInputs({}, {}, {}, {}, {}, network_.model().spec.inputs);
}

Classification CorrespondenceClassifier::Classify(
    const FeatureSet& first, const FeatureSet& second,
    const std::vector<Match>& matches,
    const std::optional<PinholeCamera>& camera1,
    const std::optional<PinholeCamera>& camera2) const {
  const auto known = [](const std::optional<PinholeCamera>& camera,
                        const FeatureSet& features) {
    return camera ? *camera
                  : GuessedCamera(features.image_width, features.image_height);
  };
  const PinholeCamera used1 = known(camera1, first);
  const PinholeCamera used2 = known(camera2, second);
  const MatchInputs inputs = MakeMatchInputs(first, second, matches, used1,
                                             used2, model().spec.inputs);
  ConsensusResult result = network_.Run(inputs.values);
  if (model().spec.inputs == kSideInputs) TrustDistinctive(matches, result);
  Classification answer;
  answer.weights = std::move(result.weights);
  answer.logits = std::move(result.logits);
  if (result.essential) {
    answer.fundamental =
        UnitNorm(FundamentalFromEssential(*result.essential, used1, used2));
    if (camera1 && camera2) answer.essential = result.essential;
  }
  return answer;
}

}  // namespace tiepoint
