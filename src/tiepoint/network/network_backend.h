// SPDX-License-Identifier: Apache-2.0
// Networks run elsewhere than on oneDNN: on a GPU, by LibTorch
// (training/torch_backend.h). The library itself knows no GPU.
#pragma once

#include <functional>
#include <memory>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

class NetworkBackend {
 public:
  virtual ~NetworkBackend() = default;
  // `data`: count inputs of that shape (C, H, W), normalised, one after the
  // other; `out`: as many outputs. May be called from several threads.
  virtual void Run(const Shape& input, int count, const float* data,
                   float* out) const = 0;
};

// Who makes the backend of every InferenceNetwork that is constructed from now
// on; null, as at first: oneDNN. Set once by the program (--device), before any
// work.
using NetworkBackendFactory =
    std::function<std::unique_ptr<NetworkBackend>(const Model&)>;
void SetNetworkBackend(NetworkBackendFactory factory);
const NetworkBackendFactory& GetNetworkBackend();

}  // namespace tiepoint
