// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace tiepoint {
namespace {

TEST(BoundedQueue, KeepsTheOrderAndTheBound) {
  constexpr int kCount = 2000;
  BoundedQueue<std::unique_ptr<int>> queue(2);
  std::atomic<int> made{0}, used{0};
  std::atomic<bool> too_far{false};
  std::jthread maker([&] {
    for (int i = 0; i < kCount; ++i) {
      EXPECT_TRUE(queue.Push(std::make_unique<int>(i)));
      // Two in the queue, one in the hands of the user that is not counted yet.
      if (++made - used > 3) too_far = true;
    }
    queue.Close();
  });
  int expected = 0;
  while (const auto value = queue.Pop()) {
    EXPECT_EQ(**value, expected++);
    ++used;
  }
  EXPECT_EQ(expected, kCount);
  EXPECT_FALSE(too_far);
}

TEST(BoundedQueue, ClosedTakesNothingAndGivesWhatIsLeft) {
  BoundedQueue<int> queue(3);
  EXPECT_TRUE(queue.Push(1));
  EXPECT_TRUE(queue.Push(2));
  queue.Close();
  queue.Close();
  EXPECT_FALSE(queue.Push(3));
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), 2);
  EXPECT_EQ(queue.Pop(), std::nullopt);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(BoundedQueue, CloseWakesThoseThatWait) {
  BoundedQueue<int> full(1), empty(1);
  EXPECT_TRUE(full.Push(1));
  std::jthread pusher([&] { EXPECT_FALSE(full.Push(2)); });
  std::jthread popper([&] { EXPECT_EQ(empty.Pop(), std::nullopt); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  full.Close();
  empty.Close();
}

}  // namespace
}  // namespace tiepoint
