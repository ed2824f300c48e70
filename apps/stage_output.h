// SPDX-License-Identifier: Apache-2.0
// What the stages of a reconstruction print, and remove.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "tiepoint/base/error.h"

inline void Say(bool quiet, const std::string& text) {
  if (quiet) return;
  fmt::print("{}\n", text);
  std::fflush(stdout);  // a log that is looked at while it grows
}

// A file or a folder with all in it; nothing is there afterwards. Throws
// tiepoint::InputError.
inline void RemoveAll(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) {
    throw tiepoint::InputError(path.string() + ": " + error.message());
  }
}

// "1 pair", "3 pairs"
inline std::string Counted(size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}
