// SPDX-License-Identifier: Apache-2.0
// The two ways in which Tiepoint fails. "No answer" (no pose, no keypoints) is
// neither of them: it is a field of a result.
#pragma once

#include <stdexcept>
#include <string>

namespace tiepoint {

// The caller's input is at fault: a file that is missing or damaged, an option
// out of range, weights of another network. The message is one line that names
// the thing and, where possible, what to do. Programs exit with 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Ctrl-C (or a termination signal) arrived; what was written is complete.
// Programs exit with 130.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

}  // namespace tiepoint
