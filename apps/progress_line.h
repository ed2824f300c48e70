// SPDX-License-Identifier: Apache-2.0
// One line on a terminal (stderr) that says how far the work is: overwritten by
// the next, removed at the end. Elsewhere and with `quiet` nothing is shown.
#pragma once

#include <chrono>
#include <string>

class ProgressLine {
 public:
  explicit ProgressLine(bool quiet);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Is anything shown at all?
  bool Shown() const { return shown_; }
  // Replaces the line; cut to the width of the terminal. Empty: removes it.
  void Show(const std::string& text) const;
  // "[done/total, 12 s left] text"; the time comes from the pace since the
  // first call.
  void Count(int done, int total, const std::string& text) const;

 private:
  using Clock = std::chrono::steady_clock;

  bool shown_;
  mutable bool counting_ = false;
  mutable Clock::time_point start_;  // of the first Count()
  mutable int start_count_ = 0;
};

// What Count() puts before the text: "[0/9] ", "[3/9, 12 s left] ",
// "[3/9, 5 min left] "; `seconds` were needed for `since` of the `done`.
std::string CountText(int done, int total, int since, double seconds);
