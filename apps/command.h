// SPDX-License-Identifier: Apache-2.0
// What the subcommands of `tiepoint` share. A command is one function
// Add...Command(app, context): it adds a subcommand whose callback does the
// work and sets context.exit_code. Errors are thrown (InputError, Interrupted)
// and become one line on stderr and an exit code in main.cc.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <opencv2/core/utility.hpp>
#include <thread>

#include "command_description.h"
#include "tiepoint/base/parallel.h"

// Exit codes of every command.
inline constexpr int kExitAnswer = 0;
inline constexpr int kExitNoAnswer = 1;  // e.g. no pose; files are written
inline constexpr int kExitBadInput = 2;  // bad input or bad usage
inline constexpr int kExitInterrupted = 130;

struct CommandContext {
  int exit_code = kExitAnswer;  // set by the command that ran
};

// Options that every command has.
struct CommonOptions {
  int threads = 0;  // 0: one for each core
  uint64_t seed = 0;
  bool quiet = false;
};

inline void AddCommonOptions(CLI::App& command, CommonOptions& options) {
  command
      .add_option("--threads", options.threads,
                  "Threads; 0: one for each core. Results do not depend on it")
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""))
      ->capture_default_str();
  command
      .add_option("--seed", options.seed,
                  "Seed of everything that is drawn at random")
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("--quiet", options.quiet, "Print nothing but errors");
}

// To be called first in a command's callback.
inline void ApplyCommonOptions(const CommonOptions& options) {
  tiepoint::SetNumThreads(options.threads);
  // OpenCV's pool warns on stderr of more than there are cores.
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  cv::setNumThreads(std::min(tiepoint::NumThreads(), std::max(cores, 1)));
}

void AddMatchCommand(CLI::App& app, CommandContext& context);
void AddExtractCommand(CLI::App& app, CommandContext& context);
void AddReconstructCommand(CLI::App& app, CommandContext& context);
void AddModelsCommand(CLI::App& app, CommandContext& context);
void AddMatchFeaturesCommand(CLI::App& app, CommandContext& context);
void AddExportCommand(CLI::App& app, CommandContext& context);
void AddImportCommand(CLI::App& app, CommandContext& context);
void AddEvaluateCommand(CLI::App& app, CommandContext& context);
void AddBenchCommand(CLI::App& app, CommandContext& context);
void AddViewCommand(CLI::App& app, CommandContext& context);
// The program as manual and completion see it, when all commands are there.
using DescribeProgram = std::function<CommandDescription()>;
void AddManualCommand(CLI::App& app, CommandContext& context,
                      const DescribeProgram& describe);
void AddCompletionCommand(CLI::App& app, CommandContext& context,
                          const DescribeProgram& describe);
// Of programs with training.
void AddDataCommand(CLI::App& app, CommandContext& context);
