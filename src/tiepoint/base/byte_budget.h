// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

namespace tiepoint {

// Bytes that several threads may hold together. It counts; it allocates
// nothing.
class ByteBudget {
 public:
  // Gives its bytes back when it goes.
  class Claim {
   public:
    Claim() = default;
    Claim(Claim&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)),
          bytes_(std::exchange(other.bytes_, 0)) {}
    Claim& operator=(Claim&& other) noexcept {
      Claim old(std::move(*this));
      budget_ = std::exchange(other.budget_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
      return *this;
    }
    ~Claim() {
      if (budget_ != nullptr) budget_->GiveBack(bytes_, 1);
    }
    int64_t bytes() const { return bytes_; }
    // Gives back all but so many.
    void ShrinkTo(int64_t bytes) {
      if (budget_ == nullptr || bytes >= bytes_) return;
      budget_->GiveBack(bytes_ - bytes, 0);
      bytes_ = bytes;
    }
    explicit operator bool() const { return budget_ != nullptr; }

   private:
    friend class ByteBudget;
    Claim(ByteBudget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) {}

    ByteBudget* budget_ = nullptr;
    int64_t bytes_ = 0;
  };

  explicit ByteBudget(int64_t limit) : limit_(limit) {}
  int64_t limit() const { return limit_; }

  // Waits until so many are free, or nobody else holds any: more than there are
  // is for one alone. An empty claim once the budget is closed.
  Claim Wait(int64_t bytes) {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] {
      return closed_ || claims_ == 0 || held_ + bytes <= limit_;
    });
    if (closed_) return {};
    return Take(bytes);
  }
  // What is free, at most so many, at once.
  Claim UpTo(int64_t bytes) {
    const std::lock_guard lock(mutex_);
    return Take(std::clamp<int64_t>(limit_ - held_, 0, bytes));
  }
  // Wakes all that wait.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    freed_.notify_all();
  }

 private:
  Claim Take(int64_t bytes) {
    held_ += bytes;
    ++claims_;
    return {this, bytes};
  }
  void GiveBack(int64_t bytes, int claims) {
    const std::lock_guard lock(mutex_);
    held_ -= bytes;
    claims_ -= claims;
    freed_.notify_all();
  }

  const int64_t limit_;
  std::mutex mutex_;
  std::condition_variable freed_;
  int64_t held_ = 0;
  int claims_ = 0;
  bool closed_ = false;
};

}  // namespace tiepoint
