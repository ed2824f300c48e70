// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

TEST(ParallelFor, CallsEveryIndexOnceForAnyNumberOfThreads) {
  for (const int threads : {1, 2, 7}) {
    SetNumThreads(threads);
    std::vector<std::atomic<int>> calls(1000);
    ParallelFor(1000, [&](int i) { ++calls[i]; });
    for (const auto& c : calls) EXPECT_EQ(c, 1);
  }
  SetNumThreads(0);
}

TEST(ParallelFor, NoWorkAndNestedWork) {
  ParallelFor(0, [](int) { FAIL(); });
  std::atomic<int> sum{0};
  ParallelFor(4, [&](int) { ParallelFor(5, [&](int) { ++sum; }); });
  EXPECT_EQ(sum, 20);
}

TEST(ParallelFor, RethrowsTheFailureOfABody) {
  SetNumThreads(3);
  EXPECT_THROW(ParallelFor(100,
                           [](int i) {
                             if (i == 57) throw std::runtime_error("57");
                           }),
               std::runtime_error);
  SetNumThreads(0);
}

TEST(Interrupt, StopsWorkUntilItIsCleared) {
  RequestInterrupt();
  EXPECT_THROW(ParallelFor(10, [](int) {}), Interrupted);
  EXPECT_THROW(CheckInterrupt(), Interrupted);
  ClearInterrupt();
  CheckInterrupt();
  int calls = 0;
  SetNumThreads(1);
  ParallelFor(10, [&](int) { ++calls; });
  SetNumThreads(0);
  EXPECT_EQ(calls, 10);
}

}  // namespace
}  // namespace tiepoint
