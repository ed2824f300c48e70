// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "command.h"
#include "manual_facts.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#ifdef TIEPOINT_WITH_TRAINING
#include "train_command.h"
#include "train_description.h"
#endif

namespace {

const char* const kNoOutput = "standard output cannot be written";

// The first Ctrl-C lets the running step finish and files be whole; the second
// ends the program at once.
void OnSignal(int signal) {
  tiepoint::RequestInterrupt();
  std::signal(signal, SIG_DFL);
}

int Fail(std::string message, int exit_code) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fflush(stdout);
  fmt::print(stderr, "tiepoint: {}\n", message);
  return exit_code;
}

// The deepest command that was named on the command line: its help is the one
// to look at.
std::string NamedCommand(const CLI::App& app) {
  std::string name = app.get_name();
  for (const CLI::App* next : app.get_subcommands()) {
    name += " " + NamedCommand(*next);
  }
  return name;
}

#ifdef TIEPOINT_WITH_TRAINING
// Training reads its own arguments: it also runs where CLI11 is missing.
void AddTrainCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("train", "Train the networks");
  command->prefix_command();
  command->set_help_flag();
  command->callback([command, &context] {
    std::vector<std::string> arguments = command->remaining();
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    context.exit_code =
        tiepoint::TrainMain(static_cast<int>(pointers.size()), pointers.data());
  });
}
#endif

std::string ExitCodesLine() {
  std::string line;
  for (const ManualFact& code : ExitCodes()) {
    line +=
        (line.empty() ? "Exit codes: " : ", ") + code.name + " " + code.text;
  }
  return line + ".";
}

CommandDescription DescribeAll(CLI::App& app) {
  CommandDescription program = Describe(app);
#ifdef TIEPOINT_WITH_TRAINING
  for (CommandDescription& command : program.commands) {
    if (command.path.back() == "train") DescribeTrain(command);
  }
#endif
  return program;
}

int Run(int argc, char** argv) {
  CLI::App app("Tiepoint: local image features and relative pose.", "tiepoint");
  app.set_version_flag("--version", "tiepoint " TIEPOINT_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  tiepoint match A.jpg B.jpg -o out    matches, pose, picture, JSON\n"
      "  tiepoint match --help\n"
      "  tiepoint extract photos -o features.h5\n"
      "  tiepoint reconstruct photos -o model  sparse model, with COLMAP\n"
      "  tiepoint models list\n\n" +
      ExitCodesLine());
  CommandContext context;
  AddMatchCommand(app, context);
  AddExtractCommand(app, context);
  AddMatchFeaturesCommand(app, context);
  AddExportCommand(app, context);
  AddImportCommand(app, context);
  AddReconstructCommand(app, context);
  AddEvaluateCommand(app, context);
  AddBenchCommand(app, context);
  AddViewCommand(app, context);
  AddModelsCommand(app, context);
#ifdef TIEPOINT_WITH_TRAINING
  AddTrainCommand(app, context);
  AddDataCommand(app, context);
#endif
  const auto describe = [&app] { return DescribeAll(app); };
  AddManualCommand(app, context, describe);
  AddCompletionCommand(app, context, describe);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::Error& error) {
    return Fail(
        std::string(error.what()) + " (see " + NamedCommand(app) + " --help)",
        kExitBadInput);
  }
  return context.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
#ifdef M_MMAP_THRESHOLD
  // Maps of photographs come and go: memory that is given back to the system
  // has to be cleared by it when it is asked for again. Not the largest, which
  // leave holes that --memory does not know of.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  // A file that would be larger than is allowed (ulimit -f) is an error.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const int exit_code = Run(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      return Fail(kNoOutput, kExitBadInput);
    }
    return exit_code;
  } catch (const tiepoint::InputError& error) {
    return Fail(error.what(), kExitBadInput);
  } catch (const tiepoint::Interrupted& error) {
    return Fail(error.what(), kExitInterrupted);
  } catch (const std::bad_alloc&) {
    return Fail("not enough memory; try --max-image-size 2000", kExitBadInput);
  } catch (const std::exception& error) {
    if (std::ferror(stdout) != 0) return Fail(kNoOutput, kExitBadInput);
    return Fail(std::string("internal error: ") + error.what(), kExitBadInput);
  }
}
