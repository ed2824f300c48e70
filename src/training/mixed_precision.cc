// SPDX-License-Identifier: Apache-2.0
#include "training/mixed_precision.h"

#include <ATen/autocast_mode.h>

// LibTorch 2.4 gave these functions the device as an argument and deprecated
// the others.
#define TIEPOINT_AUTOCAST_OF_DEVICE \
  (TORCH_VERSION_MAJOR > 2 ||       \
   (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4))

namespace tiepoint {
namespace {

#if TIEPOINT_AUTOCAST_OF_DEVICE
bool Enabled() { return at::autocast::is_autocast_enabled(at::kCUDA); }
void Enable(bool on) { at::autocast::set_autocast_enabled(at::kCUDA, on); }
at::ScalarType Type() { return at::autocast::get_autocast_dtype(at::kCUDA); }
void SetType(at::ScalarType type) {
  at::autocast::set_autocast_dtype(at::kCUDA, type);
}
#else
bool Enabled() { return at::autocast::is_enabled(); }
void Enable(bool on) { at::autocast::set_enabled(on); }
at::ScalarType Type() { return at::autocast::get_autocast_gpu_dtype(); }
void SetType(at::ScalarType type) {
  at::autocast::set_autocast_gpu_dtype(type);
}
#endif

// While it lives, layers on CUDA compute in bfloat16.
class Bfloat16Scope {
 public:
  Bfloat16Scope() : enabled_(Enabled()), type_(Type()) {
    Enable(true);
    SetType(at::kBFloat16);
    at::autocast::increment_nesting();
  }
  ~Bfloat16Scope() {
    // The cache holds the weights as they were before the optimizer's step.
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    SetType(type_);
    Enable(enabled_);
  }
  Bfloat16Scope(const Bfloat16Scope&) = delete;
  Bfloat16Scope& operator=(const Bfloat16Scope&) = delete;

 private:
  const bool enabled_;
  const at::ScalarType type_;
};

}  // namespace

torch::Tensor ForwardFlat(TorchNetwork& network, const torch::Tensor& x,
                          const TrainOptions& options) {
  if (options.precision != "bfloat16") return network.forward(x).flatten(1);
  const Bfloat16Scope scope;
  return network.forward(x).flatten(1).to(torch::kFloat);
}

torch::Tensor ForwardButLast(TorchNetwork& network, const torch::Tensor& x,
                             const TrainOptions& options) {
  if (options.precision != "bfloat16") return network.ForwardButLast(x);
  const Bfloat16Scope scope;
  return network.ForwardButLast(x).to(torch::kFloat);
}

}  // namespace tiepoint
