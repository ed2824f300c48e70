// SPDX-License-Identifier: Apache-2.0
#include "training/torch_backend.h"

#include <torch/torch.h>

#include "tiepoint/base/error.h"
#include "training/torch_network.h"

namespace tiepoint {
namespace {

class TorchBackend : public NetworkBackend {
 public:
  TorchBackend(const Model& model, torch::Device device)
      : network_(model), device_(device) {
    network_.eval();
    network_.to(device);
  }

  void Run(const Shape& input, int count, const float* data,
           float* out) const override {
    const torch::NoGradGuard guard;
    const torch::Tensor x =
        torch::from_blob(const_cast<float*>(data),
                         {count, input.channels, input.height, input.width},
                         torch::kFloat)
            .to(device_);
    // forward changes nothing, but torch::nn has no const.
    const torch::Tensor y = const_cast<TorchNetwork&>(network_)
                                .forward(x)
                                .to(torch::kCPU)
                                .contiguous();
    std::copy_n(y.data_ptr<float>(), y.numel(), out);
  }

 private:
  TorchNetwork network_;
  torch::Device device_;
};

}  // namespace

NetworkBackendFactory TorchBackendFactory(const std::string& device) {
  torch::Device where(torch::kCPU);
  if (device != "torch") {
    try {
      where = torch::Device(device);
    } catch (const c10::Error&) {
      throw InputError("device '" + device +
                       "' is none of cpu, cuda, cuda:1, "
                       "..., torch");
    }
    if (!where.is_cuda()) {
      throw InputError("device '" + device +
                       "' is none of cpu, cuda, cuda:1, "
                       "..., torch");
    }
    const auto gpus = static_cast<int>(torch::cuda::device_count());
    if (gpus == 0) {
      throw InputError("device '" + device +
                       "': LibTorch finds no GPU here (Debian's is built "
                       "without CUDA)");
    }
    if (where.has_index() && where.index() >= gpus) {
      throw InputError("device '" + device + "': there are only " +
                       std::to_string(gpus) + " GPUs");
    }
    // Float32 throughout, and the same numbers each time.
    at::globalContext().setAllowTF32CuDNN(false);
    at::globalContext().setAllowTF32CuBLAS(false);
    at::globalContext().setDeterministicCuDNN(true);
  }
  return [where](const Model& model) {
    return std::make_unique<TorchBackend>(model, where);
  };
}

}  // namespace tiepoint
