// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "choices.h"
#include "command.h"
#include "completion.h"
#include "manual_page.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"

namespace {

using namespace tiepoint;

struct ManualArguments {
  std::string format = "man", output;
  std::vector<std::string> command;
};

const CommandDescription& Find(const CommandDescription& root,
                               const std::vector<std::string>& names) {
  const CommandDescription* found = &root;
  for (const std::string& name : names) {
    const CommandDescription* next = nullptr;
    for (const CommandDescription& below : found->commands) {
      if (below.path.back() == name) next = &below;
    }
    if (next == nullptr) {
      throw InputError(found->Name() + " has no command " + name);
    }
    found = next;
  }
  return *found;
}

// All pages into a folder: NAME.1, or index.md and NAME.md.
void WritePages(const CommandDescription& root, const std::string& format,
                const std::string& folder) {
  EnsureWritableFolder(folder);
  if (format == "man") {
    for (const CommandDescription* command : AllCommands(root)) {
      WriteFileAtomically(folder + "/" + command->Name("-") + ".1",
                          ManualPage(root, *command, TIEPOINT_VERSION));
    }
    return;
  }
  WriteFileAtomically(folder + "/index.md", ManualMarkdownIndex(root));
  for (const CommandDescription& command : root.commands) {
    WriteFileAtomically(folder + "/" + command.path.back() + ".md",
                        ManualMarkdown(command));
  }
}

void RunManual(const ManualArguments& arguments,
               const CommandDescription& root) {
  const CommandDescription& command = Find(root, arguments.command);
  if (!arguments.output.empty()) {
    if (!arguments.command.empty()) {
      throw InputError("-o writes all pages; leave the command out");
    }
    WritePages(root, arguments.format, arguments.output);
    return;
  }
  if (arguments.format == "man") {
    fmt::print("{}", ManualPage(root, command, TIEPOINT_VERSION));
  } else if (&command == &root) {
    fmt::print("{}", ManualMarkdownIndex(root));
  } else {
    fmt::print("{}", ManualMarkdown(command));
  }
}

}  // namespace

void AddManualCommand(CLI::App& app, CommandContext& context,
                      const DescribeProgram& describe) {
  const auto arguments = std::make_shared<ManualArguments>();
  CLI::App* command =
      app.add_subcommand("manual", "The manual of all commands, or of one");
  command->add_option(
      "COMMAND", arguments->command,
      "Its page, e.g. evaluate pose; without it the first page");
  command
      ->add_option("--format", arguments->format,
                   "man (to be read by the program man) or markdown")
      ->check(OneOf({"man", "markdown"}))
      ->type_name("NAME")
      ->capture_default_str();
  command
      ->add_option("-o,--output", arguments->output,
                   "Write all pages into this folder")
      ->type_name("DIR");
  command->footer(
      "Examples:\n"
      "  tiepoint manual match | man -l -\n"
      "  tiepoint manual -o man1\n"
      "  tiepoint manual --format markdown -o docs/commands");
  command->callback([arguments, &context, describe] {
    RunManual(*arguments, describe());
    context.exit_code = kExitAnswer;
  });
}

void AddCompletionCommand(CLI::App& app, CommandContext& context,
                          const DescribeProgram& describe) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "completion", "A script that completes the command line in a shell");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->check(OneOf({"bash", "zsh", "fish"}))
      ->required();
  command->footer(
      "Where the program is installed as a package, shells find it by "
      "themselves.\n\n"
      "Examples:\n"
      "  source <(tiepoint completion bash)\n"
      "  source <(tiepoint completion zsh)\n"
      "  tiepoint completion fish | source");
  command->callback([shell, &context, describe] {
    const CommandDescription root = describe();
    fmt::print("{}", *shell == "bash"  ? BashCompletion(root)
                     : *shell == "zsh" ? ZshCompletion(root)
                                       : FishCompletion(root));
    context.exit_code = kExitAnswer;
  });
}
