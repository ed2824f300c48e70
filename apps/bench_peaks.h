// SPDX-License-Identifier: Apache-2.0
// What this machine can do at most, measured: what times are held against.
#pragma once

#include <string>

struct MachinePeaks {
  std::string processor;
  int threads = 1;
  // 10^9 operations a second (a multiply-add is two) on all these threads, in
  // registers or the first caches. 0: the processor has no such instructions.
  double f32 = 0, bf16 = 0, int8 = 0;
  double memory =
      0;  // 10^9 bytes a second, a[i] = b[i] + s c[i] (STREAM triad)
};

// On NumThreads() threads; about a second.
MachinePeaks MeasurePeaks();
