// SPDX-License-Identifier: Apache-2.0
// How descriptors at angles of a network are judged on held-out pairs.
#pragma once

#include <vector>

#include "training/angles.h"
#include "training/descriptor_loss.h"
#include "training/trainer.h"

namespace tiepoint {

// A batch has few photographs, and how hard they are differs more (.69 and .92
// of the pairs right with the same weights) than weights do.
inline constexpr int kOrientedCheckBatches = 6, kOrientedCheckPairs = 600;

struct OrientedMeasure {
  torch::Tensor first, second;  // descriptors, N x D
  torch::Tensor error;          // of the relative angle, radians, N
  // DirectionAgreement, N; may be undefined.
  torch::Tensor agreement = {};
};

// The mean over batches; `measure` makes an OrientedMeasure of each.
template <typename Batch, typename Measure>
Report JudgeOriented(const std::vector<Batch>& checks, const Measure& measure) {
  const auto share = 1 / static_cast<double>(checks.size());
  Report mean;
  for (const Batch& check : checks) {
    const OrientedMeasure m = measure(check);
    const torch::Tensor degrees = AbsoluteDegrees(m.error);
    mean["within_10_degrees"] +=
        share * (degrees < 10).to(torch::kFloat).mean().item<double>();
    mean["median_degrees"] += share * degrees.median().item<double>();
    if (m.agreement.defined()) {
      mean["agreement"] += share * m.agreement.mean().item<double>();
    }
    mean["within_20_degrees"] +=
        share * (degrees < 20).to(torch::kFloat).mean().item<double>();
    mean["accuracy"] += share * MatchingAccuracy(m.first, m.second);
    mean["average_precision"] += share * AveragePrecision(m.first, m.second);
  }
  return mean;
}

}  // namespace tiepoint
