// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/consensus_kernels.h"

#include <cstring>

// The same source for each kind of processor: vectors of another length, and
// as many matches at a time as there are registers for.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TIEPOINT_X86 1

namespace tiepoint::avx512 {
#define TIEPOINT_TARGET \
  __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
constexpr int kBytes = 64;
constexpr int kGroups = 4;  // 12 matches x 2 vectors: 24 of 32 registers
#include "tiepoint/correspondence/consensus_kernels.inc"
#undef TIEPOINT_TARGET
}  // namespace tiepoint::avx512

namespace tiepoint::avx2 {
#define TIEPOINT_TARGET __attribute__((target("avx2,fma")))
constexpr int kBytes = 32;
constexpr int kGroups = 2;  // 6 matches x 2 vectors: 12 of 16 registers
#include "tiepoint/correspondence/consensus_kernels.inc"
#undef TIEPOINT_TARGET
}  // namespace tiepoint::avx2
#endif

namespace tiepoint::plain {
#define TIEPOINT_TARGET
constexpr int kBytes = 16;
constexpr int kGroups = 2;
#include "tiepoint/correspondence/consensus_kernels.inc"
#undef TIEPOINT_TARGET
}  // namespace tiepoint::plain

namespace tiepoint {

std::vector<float> ConsensusKernels::Pack(const std::vector<float>& weights,
                                          int rows, int depth,
                                          int stride) const {
  std::vector<float> packed(static_cast<size_t>(stride) * depth);
  for (int row = 0; row < rows; ++row) {
    const size_t first = static_cast<size_t>(row / panel) * panel * depth;
    for (int k = 0; k < depth; ++k) {
      packed[first + static_cast<size_t>(k) * panel + row % panel] =
          weights[static_cast<size_t>(row) * depth + k];
    }
  }
  return packed;
}

const std::vector<ConsensusKernels>& SupportedConsensusKernels() {
  static const std::vector<ConsensusKernels> kernels = [] {
    std::vector<ConsensusKernels> supported;
#ifdef TIEPOINT_X86
    if (__builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw")) {
      supported.push_back(avx512::Kernels("AVX-512"));
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      supported.push_back(avx2::Kernels("AVX2"));
    }
#endif
    supported.push_back(plain::Kernels("plain"));
    return supported;
  }();
  return kernels;
}

}  // namespace tiepoint
