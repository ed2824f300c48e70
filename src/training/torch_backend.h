// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tiepoint/network/network_backend.h"

namespace tiepoint {

// Networks by LibTorch on `device`: "cuda", "cuda:1", or "torch", which is
// LibTorch on the processor (for tests, and to see what differs). Float32;
// outputs are those of oneDNN to rounding. Throws InputError when LibTorch has
// no such device here.
NetworkBackendFactory TorchBackendFactory(const std::string& device);

}  // namespace tiepoint
