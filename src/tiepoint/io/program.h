// SPDX-License-Identifier: Apache-2.0
// Other programs (COLMAP), run without a shell.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tiepoint {

// The path of a program: `name` itself when it holds a slash, else the first
// file of that name on PATH that can be run. Empty when there is none.
std::string FindProgram(const std::string& name);

struct ProgramCall {
  // Path of the program, then its arguments.
  std::vector<std::string> command;
  // File that gets what it prints, both streams; made anew.
  std::string log;
  // Variables that it sees besides (or instead of) ours.
  std::vector<std::pair<std::string, std::string>> environment;
};

struct ProgramEnd {
  int exit_code = 0;
  int signal = 0;  // that ended it, else 0

  bool Succeeded() const { return exit_code == 0 && signal == 0; }
  std::string Describe() const;  // "exit code 1", "signal 11 (...)"
};

// Runs to the end, with an empty standard input, no other file of ours and in a
// process group of its own: Ctrl-C reaches it through us. When an interrupt is
// requested (base/ parallel.h) the group is asked to end (SIGTERM), made to end
// two seconds later, and Interrupted is thrown. Throws InputError when the log
// cannot be written or the program cannot be started.
ProgramEnd RunProgram(const ProgramCall& call);

// The last line of a log that is not blank; empty when there is none.
std::string LastLine(const std::string& log);

}  // namespace tiepoint
