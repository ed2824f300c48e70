// SPDX-License-Identifier: Apache-2.0
#include "training/torch_runner.h"

#include "training/torch_network.h"

namespace tiepoint {

std::vector<float> RunTorch(const Model& model, const Shape& input, int count,
                            const std::vector<float>& data) {
  const torch::NoGradGuard guard;
  TorchNetwork network(model);
  network.eval();
  const torch::Tensor x = torch::from_blob(
      const_cast<float*>(data.data()),
      {count, input.channels, input.height, input.width}, torch::kFloat);
  const torch::Tensor y = network.forward(x).contiguous();
  return {y.data_ptr<float>(), y.data_ptr<float>() + y.numel()};
}

}  // namespace tiepoint
