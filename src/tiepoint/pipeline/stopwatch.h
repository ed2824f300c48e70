// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace tiepoint {

// Seconds of wall time since construction or the last Lap().
class Stopwatch {
 public:
  double Lap() {
    const auto now = Clock::now();
    const std::chrono::duration<double> lap = now - start_;
    start_ = now;
    return lap.count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace tiepoint
