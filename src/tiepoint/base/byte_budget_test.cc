// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/byte_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace tiepoint {
namespace {

TEST(ByteBudget, ManyHoldNoMoreThanTheLimit) {
  ByteBudget budget(10);
  std::atomic<int64_t> held{0};
  std::atomic<bool> beyond{false};
  {
    std::vector<std::jthread> threads;
    for (int t = 1; t <= 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 500; ++i) {
          const auto claim = budget.Wait(t + 1);
          if ((held += t + 1) > 10) beyond = true;
          held -= t + 1;
        }
      });
    }
  }
  EXPECT_FALSE(beyond);
  EXPECT_EQ(budget.UpTo(100).bytes(), 10);
}

TEST(ByteBudget, MoreThanTheLimitIsForOneAlone) {
  ByteBudget budget(10);
  std::atomic<bool> taken{false};
  auto small = budget.Wait(1);
  std::jthread other([&] {
    const auto large = budget.Wait(50);
    EXPECT_EQ(large.bytes(), 50);
    taken = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(taken);
  small = {};
  other.join();
  EXPECT_TRUE(taken);
}

TEST(ByteBudget, UpToIsWhatIsFree) {
  ByteBudget budget(10);
  const auto first = budget.Wait(7);
  const auto second = budget.UpTo(2);
  const auto third = budget.UpTo(2);
  const auto fourth = budget.UpTo(2);
  EXPECT_EQ(second.bytes(), 2);
  EXPECT_EQ(third.bytes(), 1);
  EXPECT_EQ(fourth.bytes(), 0);
}

TEST(ByteBudget, WhatIsNotNeededAnyMoreIsFree) {
  ByteBudget budget(10);
  auto claim = budget.Wait(50);
  claim.ShrinkTo(60);
  EXPECT_EQ(claim.bytes(), 50);
  std::jthread waiting([&] { EXPECT_EQ(budget.Wait(6).bytes(), 6); });
  claim.ShrinkTo(4);
  waiting.join();
  EXPECT_EQ(budget.UpTo(100).bytes(), 6);
  claim = {};
  EXPECT_EQ(budget.UpTo(100).bytes(), 10);
}

TEST(ByteBudget, CloseWakesThoseThatWait) {
  ByteBudget budget(10);
  const auto all = budget.Wait(10);
  std::jthread waiting([&] { EXPECT_FALSE(budget.Wait(1)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  budget.Close();
}

}  // namespace
}  // namespace tiepoint
