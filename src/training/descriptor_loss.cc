// SPDX-License-Identifier: Apache-2.0
#include "training/descriptor_loss.h"

namespace tiepoint {

torch::Tensor HardNetLoss(const torch::Tensor& first,
                          const torch::Tensor& second) {
  const torch::Tensor d =
      torch::sqrt(torch::clamp_min(2 - 2 * torch::mm(first, second.t()), 1e-6));
  const torch::Tensor wrong = d + 10 * torch::eye(d.size(0), d.options());
  const torch::Tensor hardest =
      torch::minimum(std::get<0>(wrong.min(0)), std::get<0>(wrong.min(1)));
  return torch::relu(1 + d.diagonal() - hardest).mean();
}

double MatchingAccuracy(const torch::Tensor& first,
                        const torch::Tensor& second) {
  const torch::Tensor d = torch::cdist(first, second);
  const torch::Tensor truth = torch::arange(d.size(0), d.device());
  const auto share = [&](int64_t dim) {
    return d.argmin(dim).eq(truth).to(torch::kFloat).mean().item<double>();
  };
  return (share(0) + share(1)) / 2;
}

double AveragePrecision(const torch::Tensor& first,
                        const torch::Tensor& second) {
  const torch::Tensor d = torch::cdist(first, second).cpu();
  const torch::Tensor right =
      torch::eye(d.size(0)).view(-1).index_select(0, d.view(-1).argsort());
  const torch::Tensor rank = torch::arange(right.size(0)).to(torch::kDouble);
  const torch::Tensor precision = right.cumsum(0) / (rank + 1);
  return ((precision * right).sum() / right.sum()).item<double>();
}

}  // namespace tiepoint
