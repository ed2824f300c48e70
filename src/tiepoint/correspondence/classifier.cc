// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/classifier.h"

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
