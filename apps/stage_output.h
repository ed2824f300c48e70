// SPDX-License-Identifier: Apache-2.0
// What the stages of a reconstruction print.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>

inline void Say(bool quiet, const std::string& text) {
  if (quiet) return;
  fmt::print("{}\n", text);
  std::fflush(stdout);  // a log that is looked at while it grows
}

// "1 pair", "3 pairs"
inline std::string Counted(size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}
