// SPDX-License-Identifier: Apache-2.0
#include "training/direction_agreement.h"

#include "training/patch_turner.h"

namespace tiepoint {

torch::Tensor DirectionAgreement(const torch::Tensor& scores,
                                 const torch::Tensor& turn) {
  const int64_t n = turn.size(0), width = scores.size(3);
  const torch::Tensor share = torch::softmax(scores.flatten(1), 1)
                                  .view({2 * n, 1, -1, width})
                                  .sum(2, true);
  const torch::Tensor second = TurnColumns(share.narrow(0, n, n), turn);
  const torch::Tensor near =
      0.5 * second + 0.25 * (second.roll(1, 3) + second.roll(-1, 3));
  return (share.narrow(0, 0, n) * near).sum({1, 2, 3});
}

}  // namespace tiepoint
