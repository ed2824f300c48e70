// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/filter_kernels.h"

#include <array>
#include <cmath>
#include <numbers>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

#define TIEPOINT_INLINE inline __attribute__((always_inline))

namespace tiepoint {
namespace {

constexpr int kTile = FilterBank::kTile;
constexpr int kStride = FilterBank::kStride;
static_assert(kTile == 128, "the stages are those of 128 = 8 4 4");

struct Twiddles {
  std::array<float, kTile> re, im;  // exp(-2 pi i k / kTile)
  Twiddles() {
    for (int k = 0; k < kTile; ++k) {
      const double angle = -2 * std::numbers::pi * k / kTile;
      re[k] = static_cast<float>(std::cos(angle));
      im[k] = static_cast<float>(std::sin(angle));
    }
  }
};
const Twiddles kTwiddles;

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TIEPOINT_X86 1

namespace avx512 {
#define TIEPOINT_TARGET \
  __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
constexpr int kColumns = 16;
#include "tiepoint/network/filter_kernels.inc"
#undef TIEPOINT_TARGET
}  // namespace avx512

namespace avx2 {
#define TIEPOINT_TARGET __attribute__((target("avx2,fma")))
constexpr int kColumns = 8;
#include "tiepoint/network/filter_kernels.inc"
#undef TIEPOINT_TARGET
}  // namespace avx2
#endif

namespace plain {
#define TIEPOINT_TARGET
constexpr int kColumns = 8;
#include "tiepoint/network/filter_kernels.inc"
#undef TIEPOINT_TARGET
}  // namespace plain

}  // namespace

const std::vector<FilterKernels>& SupportedFilterKernels() {
  static const std::vector<FilterKernels> kernels = [] {
    std::vector<FilterKernels> supported;
#ifdef TIEPOINT_X86
    if (__builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw")) {
      supported.push_back(avx512::kKernels);
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      supported.push_back(avx2::kKernels);
    }
#endif
    supported.push_back(plain::kKernels);
    return supported;
  }();
  return kernels;
}

}  // namespace tiepoint
