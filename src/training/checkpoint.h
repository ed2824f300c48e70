// SPDX-License-Identifier: Apache-2.0
// All that a training needs to go on as if it had never stopped.
#pragma once

#include "training/curve_page.h"
#include "training/trainer.h"

namespace tiepoint {

// Beside the network and the optimizer.
struct TrainingState {
  int iteration = 0;       // steps done
  int skipped = 0;         // batches left out in a row, up to now
  double loss_sum = 0;     // since the last report
  int loss_count = 0;      //
  int best_iteration = 0;  // 0: not validated yet
  double best_value = 0;
  std::vector<CurvePoint> history;  // a point for each report
};

// Writes options.output + ".checkpoint", whole or not at all. Throws
// InputError when it cannot be written.
void SaveCheckpoint(const TrainOptions& options,
                    const torch::nn::Module& network,
                    const torch::optim::Optimizer& optimizer,
                    const TrainingState& state);

// Throws InputError when the file is damaged or was made with other options
// that the weights depend on (seed, batch, ...).
TrainingState LoadCheckpoint(const TrainOptions& options,
                             torch::nn::Module& network,
                             torch::optim::Optimizer& optimizer);

}  // namespace tiepoint
