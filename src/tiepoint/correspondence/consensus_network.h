// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tiepoint/base/workspace_pool.h"
#include "tiepoint/correspondence/consensus_kernels.h"
#include "tiepoint/geometry/two_view.h"
#include "tiepoint/network/consensus_model.h"

namespace tiepoint {

// What the last stage says of N matches.
struct ConsensusResult {
  std::vector<float> logits;   // above 0: rather good; -infinity: unusable
  std::vector<float> weights;  // max(0, tanh(logit)), in [0, 1]
  // Of unit norm, in the coordinates of the inputs; nothing when fewer than
  // eight matches have weight or when they leave more than one E.
  std::optional<Matrix3> essential;
};

// Inputs of a match beyond this are of no photograph, and their squares would
// leave the floats.
inline constexpr float kLargestConsensusInput = 1e6f;

// Are these numbers of one match something to compute with: finite, and none
// beyond kLargestConsensusInput?
bool UsableInputs(std::span<const float> match);

// Runs a correspondence network (network/consensus_model.h). A linear map, the
// context normalisation behind the map before it, scale, shift, ReLU and
// residual are one pass over tiles of matches that stay in the first-level
// cache; means and variances are gathered on the way. All members are const and
// may be called from many threads; one call runs on the calling thread alone.
// Results depend on the kernels (the processor) in the last digits.
class ConsensusNetwork {
 public:
  // Throws InputError as CheckConsensusModel does. `kernels`: for tests.
  explicit ConsensusNetwork(
      ConsensusModel model,
      const ConsensusKernels& kernels = SupportedConsensusKernels().front());
  ~ConsensusNetwork();

  // `inputs`: N x spec.inputs, match by match, N from 0; the first four are
  // x1, y1, x2, y2. A match with unusable inputs gets weight 0 and takes no
  // part in anything. Throws InputError when the size is no multiple of
  // spec.inputs.
  ConsensusResult Run(std::span<const float> inputs) const;

  const ConsensusModel& model() const { return model_; }

 private:
  struct Conv;
  struct Stage;
  struct Workspace;

  void RunStage(const Stage& stage, Workspace& work) const;

  ConsensusModel model_;
  ConsensusKernels kernels_;
  int stride_;  // channels, rounded up
  std::vector<Stage> stages_;
  std::unique_ptr<WorkspacePool<Workspace>> pool_;
};

// Numbers that the next stage reads besides the inputs: r of a match for the
// matrix of the stage before (consensus_model.h).
float EpipolarResidual(const std::optional<Matrix3>& essential,
                       const PointPair& pair);

}  // namespace tiepoint
