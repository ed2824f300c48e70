// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tiepoint {

// Workspaces are handed from call to call: fresh ones would spend a third of
// the time in page faults. Thread-safe.
template <typename T>
class WorkspacePool {
 public:
  explicit WorkspacePool(std::function<std::unique_ptr<T>()> make)
      : make_(std::move(make)) {}

  // One that was returned, as it was left, else a new one.
  std::unique_ptr<T> Take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        auto work = std::move(free_.back());
        free_.pop_back();
        return work;
      }
    }
    return make_();
  }
  void Return(std::unique_ptr<T> work) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(work));
  }

 private:
  std::function<std::unique_ptr<T>()> make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> free_;
};

}  // namespace tiepoint
