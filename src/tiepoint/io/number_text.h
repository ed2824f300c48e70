// SPDX-License-Identifier: Apache-2.0
// Numbers in text files of others, one after the other. For the sources of this
// layer.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "tiepoint/base/error.h"

namespace tiepoint {

class NumberText {
 public:
  // `where`: begins the error messages. Both have to outlive the reader.
  NumberText(std::string_view text, const std::string& where)
      : rest_(text), where_(where) {}

  // The next number, whatever white space is before it. Throws InputError when
  // there is none, or it is not finite.
  double Number() {
    SkipSpace();
    double value = 0;
    // "+1" is written by some and not known to from_chars.
    if (rest_.starts_with('+')) rest_.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || !std::isfinite(value) ||
        (end != rest_.data() + rest_.size() && !IsSpace(*end))) {
      throw InputError(where_ + ": line " + std::to_string(line_) +
                       (rest_.empty() ? ": ends too early"
                                      : ": a finite number is expected"));
    }
    rest_.remove_prefix(end - rest_.data());
    return value;
  }
  // The same for whole numbers within limits; `what`: for the message.
  int64_t Count(int64_t least, int64_t most, const char* what) {
    const double value = Number();
    if (value < least || value > most || value != std::floor(value)) {
      throw InputError(where_ + ": line " + std::to_string(line_) + ": " +
                       what + " is not a whole number of " +
                       std::to_string(least) + " .. " + std::to_string(most));
    }
    return static_cast<int64_t>(value);
  }
  // Throws InputError when anything but white space is left.
  void End() {
    SkipSpace();
    if (rest_.empty()) return;
    throw InputError(where_ + ": line " + std::to_string(line_) +
                     ": more than the head of the file promises");
  }

 private:
  static bool IsSpace(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }
  void SkipSpace() {
    while (!rest_.empty() && IsSpace(rest_.front())) {
      line_ += rest_.front() == '\n';
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
  const std::string& where_;
  int line_ = 1;
};

// The most keypoints that a head may promise.
inline constexpr int64_t kMaxTextKeypoints = 1 << 24;

}  // namespace tiepoint
