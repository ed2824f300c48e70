// SPDX-License-Identifier: Apache-2.0
#include "manual_page.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "manual_facts.h"

namespace {

// Text that roff prints as it is. Every '-' may be one of an option, which is
// to be copied and searched for.
std::string Escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      case '"':
        result += "\\(dq";
        break;
      default:
        result += c;
    }
  }
  return result;
}

// One line of prose; `words` in backticks become bold.
std::string Prose(const std::string& text) {
  std::string result;
  std::istringstream parts(text);
  std::string part;
  for (bool bold = false; std::getline(parts, part, '`'); bold = !bold) {
    result += bold ? "\\fB" + Escaped(part) + "\\fR" : Escaped(part);
  }
  return result.starts_with('.') ? "\\&" + result : result;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  return text;
}

// For the line of NAME, which `whatis` shows: without the program's own name
// and full stop.
std::string NameSummary(std::string text) {
  const std::string name = "Tiepoint: ";
  if (text.starts_with(name)) text = text.substr(name.size());
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string Bold(const std::string& text) {
  return "\\fB" + Escaped(text) + "\\fR";
}

std::string Italic(const std::string& text) {
  return "\\fI" + Escaped(text) + "\\fR";
}

std::string Tag(const OptionDescription& option) {
  std::string tag;
  for (const std::string& name : option.names) {
    tag += (tag.empty() ? "" : ", ") + Bold(name);
  }
  const std::string value =
      option.names.empty() ? option.positional : option.value;
  if (!value.empty()) tag += (tag.empty() ? "" : " ") + Italic(value);
  return tag + (option.many ? "..." : "");
}

std::string OptionText(const OptionDescription& option) {
  std::string text = ".TP\n" + Tag(option) + "\n";
  std::istringstream lines(option.help);
  for (std::string line; std::getline(lines, line);) text += Prose(line) + "\n";
  std::string remarks;
  for (const std::string& remark : Remarks(option)) {
    remarks += (remarks.empty() ? "" : "; ") + remark;
  }
  return text + (remarks.empty() ? "" : Escaped("(" + remarks + ")") + "\n");
}

std::string Terms(const std::vector<ManualFact>& facts) {
  std::string text;
  for (const ManualFact& fact : facts) {
    text += ".TP\n" + Bold(fact.name) + "\n" + Prose(fact.text) + "\n";
  }
  return text;
}

std::string Reference(const CommandDescription& command) {
  return Bold(command.Name("-")) + "(1)";
}

std::string Options(const CommandDescription& command) {
  std::string text;
  if (!command.positionals.empty()) {
    text += ".SH ARGUMENTS\n";
    for (const OptionDescription& o : command.positionals) {
      text += OptionText(o);
    }
  }
  for (const std::string& group : GroupsOf(command)) {
    text +=
        group == "Options" ? ".SH OPTIONS\n" : ".SS " + Escaped(group) + "\n";
    for (const OptionDescription& o : command.options) {
      if (o.group == group) text += OptionText(o);
    }
  }
  return text;
}

// The pages above, below and, of a command, the program's.
std::string SeeAlso(const CommandDescription& root,
                    const CommandDescription& command) {
  std::string text;
  const auto add = [&](const CommandDescription& other) {
    text += (text.empty() ? "" : ",\n") + Reference(other);
  };
  if (command.path.size() > 1) add(root);
  for (const CommandDescription* other : AllCommands(root)) {
    const bool above = other->path.size() > 1 &&
                       other->path.size() + 1 == command.path.size() &&
                       std::equal(other->path.begin(), other->path.end(),
                                  command.path.begin());
    if (above) add(*other);
  }
  for (const CommandDescription& below : command.commands) add(below);
  return text.empty() ? "" : ".SH \"SEE ALSO\"\n" + text + "\n";
}

}  // namespace

std::string ManualPage(const CommandDescription& root,
                       const CommandDescription& command,
                       const std::string& version) {
  const bool is_root = &root == &command;
  const std::string name = command.Name("-");
  std::string page = ".\\\" Written by `tiepoint manual`; not to be edited.\n";
  page += ".TH " + Escaped(Upper(name)) + " 1 \"\" \"Tiepoint " +
          Escaped(version) + "\" \"Tiepoint manual\"\n";
  page += ".SH NAME\n" + Escaped(name) + " \\- " +
          Prose(NameSummary(command.summary)) + "\n";
  page += ".SH SYNOPSIS\n";
  const std::string usage = command.Usage();
  page += Bold(command.Name()) + Escaped(usage.substr(command.Name().size())) +
          "\n";
  if (is_root || !command.notes.empty()) {
    page += ".SH DESCRIPTION\n";
    if (is_root) page += Prose(AboutTheProgram()) + "\n";
    bool first = !is_root;
    for (const std::string& note : command.notes) {
      page += (first ? "" : ".PP\n") + Prose(note) + "\n";
      first = false;
    }
  }
  if (!command.commands.empty()) {
    page += ".SH COMMANDS\n";
    for (const CommandDescription& below : command.commands) {
      page += ".TP\n" + Reference(below) + "\n" + Prose(below.summary) + "\n";
    }
  }
  page += Options(command);
  if (!command.examples.empty()) {
    page += ".SH EXAMPLES\n.nf\n";
    for (const std::string& line : command.examples) {
      page += Escaped(line) + "\n";
    }
    page += ".fi\n";
  }
  page += ".SH \"EXIT STATUS\"\n" + Terms(ExitCodes());
  page += ".SH ENVIRONMENT\n" + Terms(EnvironmentVariables());
  if (is_root) page += ".SH FILES\n" + Terms(FilesOfTheProgram());
  return page + SeeAlso(root, command);
}
