// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tiepoint/correspondence/consensus_network.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/geometry/two_view.h"
#include "tiepoint/matching/matcher.h"

namespace tiepoint {

struct Classification {
  // One a match, in [0, 1]: how good it is, seen with all the others.
  std::vector<float> weights;
  // One a match: log of right against wrong; weights are 0 where it is below 0.
  // -infinity: numbers that cannot be used.
  std::vector<float> logits;
  // The weighted eight-point estimate of what the weights say; nothing when
  // fewer than eight matches have weight, or when they leave it open. Raw: of
  // rank 3 in general, and as accurate as all weighted matches together; a
  // robust estimate from the matches with weight is better.
  std::optional<Matrix3> fundamental;  // pixels, unit norm, x2' F x1 = 0
  // Normalised coordinates, unit norm; only when both cameras were given.
  std::optional<Matrix3> essential;
};

// Tells the good matches of two images from the bad ones, by a network and in
// milliseconds: before, or instead of, drawing samples. Thread-safe.
class CorrespondenceClassifier {
 public:
  // Throws InputError when the model reads inputs that match_inputs.h does not
  // have, or as ReadConsensusModel or ConsensusNetwork do.
  explicit CorrespondenceClassifier(const std::string& path);
  explicit CorrespondenceClassifier(ConsensusModel model);

  // `matches`: of MatchMutually when the model reads side information, else
  // any. A camera that is not given is guessed from the size of its image
  // (GuessedCamera). Where a model with side information refuses most of the
  // matches whose ratios are below 0.6 both ways (two copies of a photograph),
  // these get weight nevertheless. Throws InputError as MakeMatchInputs and
  // GuessedCamera do.
  Classification Classify(
      const FeatureSet& first, const FeatureSet& second,
      const std::vector<Match>& matches,
      const std::optional<PinholeCamera>& camera1 = std::nullopt,
      const std::optional<PinholeCamera>& camera2 = std::nullopt) const;

  const ConsensusModel& model() const { return network_.model(); }

 private:
  ConsensusNetwork network_;
};

}  // namespace tiepoint
