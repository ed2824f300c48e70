// SPDX-License-Identifier: Apache-2.0
// What everything that calls oneDNN needs. For source files only: it includes
// oneDNN's header, which programs that use Tiepoint need not have.
#pragma once

#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>

namespace tiepoint {

inline const dnnl::engine& OneDnnEngine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// Whether oneDNN has kernels for bfloat16 here that are worth it.
inline bool HasFastHalf() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
      return true;
    default:
      return false;
  }
}

// oneDNN in Debian runs on OpenMP, whose number of threads is a property of the
// calling thread: ours work side by side already.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace tiepoint
