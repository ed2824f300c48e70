// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "manual_facts.h"
#include "manual_page.h"

namespace {

// Prose that Markdown prints as it is, but for `code`; one line.
std::string Prose(const std::string& text) {
  std::string result;
  bool code = false;
  for (const char c : text) {
    if (c == '`') code = !code;
    if (c == '\n') {
      result += ' ';
      continue;
    }
    const bool special =
        std::string("\\*_<>[]|#~$").find(c) != std::string::npos;
    if (special && !code) result += '\\';
    result += c;
  }
  return result;
}

std::string Code(const std::string& text) { return "`" + text + "`"; }

std::string Heading(int level, const std::string& text) {
  return std::string(level, '#') + " " + text + "\n\n";
}

// One entry of a list: the names, what it is, what else is to be said.
std::string Entry(const OptionDescription& option) {
  std::string names;
  for (const std::string& name : option.names) {
    names += (names.empty() ? "" : ", ") +
             Code(name + (option.value.empty() ? "" : " " + option.value));
  }
  if (names.empty()) names = Code(option.positional);
  std::string remarks;
  for (const std::string& remark : Remarks(option)) {
    remarks += (remarks.empty() ? "" : "; ") + Prose(remark);
  }
  return "* " + names + ": " + Prose(option.help) +
         (remarks.empty() ? "" : " (" + remarks + ")") + "\n";
}

std::string Terms(const std::vector<ManualFact>& facts) {
  std::string text;
  for (const ManualFact& fact : facts) {
    text += "* " + Code(fact.name) + ": " + Prose(fact.text) + "\n";
  }
  return text + "\n";
}

std::string Shell(const std::vector<std::string>& lines) {
  std::string text = "```sh\n";
  for (const std::string& line : lines) text += line + "\n";
  return text + "```\n\n";
}

std::string Section(const CommandDescription& command, int level) {
  std::string text = Heading(level, command.Name());
  const bool question = command.summary.ends_with('?');
  text += Prose(command.summary) + (question ? "" : ".") + "\n\n" +
          Shell({command.Usage()});
  for (const std::string& note : command.notes) text += Prose(note) + "\n\n";
  if (!command.commands.empty()) {
    for (const CommandDescription& below : command.commands) {
      text += "* " + Code(below.Name()) + ": " + Prose(below.summary) + "\n";
    }
    text += "\n";
  }
  if (!command.examples.empty()) {
    text += "**Examples**\n\n" + Shell(command.examples);
  }
  if (!command.positionals.empty()) {
    text += "**Arguments**\n\n";
    for (const OptionDescription& o : command.positionals) text += Entry(o);
    text += "\n";
  }
  for (const std::string& group : GroupsOf(command)) {
    text += "**" + Prose(group) + "**\n\n";
    for (const OptionDescription& option : command.options) {
      if (option.group == group) text += Entry(option);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string ManualMarkdown(const CommandDescription& command, int level) {
  std::string text = Section(command, level);
  for (const CommandDescription& below : command.commands) {
    text += ManualMarkdown(below, level + 1);
  }
  return text;
}

std::string ManualMarkdownIndex(const CommandDescription& root) {
  std::string text = Heading(1, "Commands");
  text += Prose(AboutTheProgram()) + "\n\n" + Shell({root.Usage()});
  text += "| command | |\n|---|---|\n";
  for (const CommandDescription& command : root.commands) {
    const std::string& name = command.path.back();
    text += "| [" + Code(root.path.back() + " " + name) + "](" + name +
            ".md) | " + Prose(command.summary) + " |\n";
  }
  text += "\n";
  if (!root.examples.empty()) {
    text += Heading(2, "Examples") + Shell(root.examples);
  }
  text += Heading(2, "Options");
  for (const OptionDescription& option : root.options) text += Entry(option);
  text += "\n" + Heading(2, "Exit codes") + Terms(ExitCodes());
  text += Heading(2, "Environment") + Terms(EnvironmentVariables());
  text += Heading(2, "Files") + Terms(FilesOfTheProgram());
  text.pop_back();
  return text;
}
