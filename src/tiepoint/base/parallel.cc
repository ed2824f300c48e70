// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

std::atomic<int> g_num_threads{0};
std::atomic<bool> g_interrupt{false};
static_assert(std::atomic<bool>::is_always_lock_free);
thread_local bool t_inside_loop = false;

}  // namespace

void SetNumThreads(int num_threads) {
  g_num_threads = std::max(num_threads, 0);
}

int NumThreads() {
  const int n = g_num_threads;
  if (n > 0) return n;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void RequestInterrupt() { g_interrupt = true; }
bool InterruptRequested() { return g_interrupt; }
void CheckInterrupt() {
  if (g_interrupt) throw Interrupted();
}
void ClearInterrupt() { g_interrupt = false; }

void ParallelFor(int count, const std::function<void(int)>& body) {
  const int num_threads =
      t_inside_loop ? 1 : std::min(NumThreads(), std::max(count, 1));
  std::atomic<int> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;

  const auto work = [&] {
    const bool outer = t_inside_loop;
    t_inside_loop = true;
    try {
      for (int i = next++; i < count; i = next++) {
        CheckInterrupt();
        body(i);
      }
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
    t_inside_loop = outer;
  };

  if (num_threads <= 1) {
    work();
  } else {
    // Threads are started per call: tens of microseconds against loops of
    // milliseconds, and no pool whose state could leak between calls.
    std::vector<std::jthread> threads;
    threads.reserve(num_threads - 1);
    for (int t = 1; t < num_threads; ++t) threads.emplace_back(work);
    work();
    threads.clear();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace tiepoint
