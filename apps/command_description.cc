// SPDX-License-Identifier: Apache-2.0
#include "command_description.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "choices.h"

namespace {

std::string Joined(const std::vector<std::string>& parts,
                   const std::string& separator) {
  std::string all;
  for (const std::string& part : parts) {
    all += (all.empty() ? "" : separator) + part;
  }
  return all;
}

// What a manual says must not depend on who made it.
std::string WithoutHome(const std::string& value) {
  const char* home = std::getenv("HOME");
  const std::string folder = home == nullptr ? "" : home;
  if (folder.size() > 1 && value.starts_with(folder + "/")) {
    return "~" + value.substr(folder.size());
  }
  return value;
}

ValueKind KindOf(const std::string& value, bool choices, char delimiter) {
  if (choices) {
    return delimiter == ',' ? ValueKind::kChoiceList : ValueKind::kChoice;
  }
  if (value == "DIR") return ValueKind::kFolder;
  static const std::vector<std::string> numbers = {
      "",      "N",    "X",     "INT",  "UINT", "FLOAT", "PIXELS", "SCALES",
      "SHARE", "SIZE", "LABEL", "NORM", "NAME", "NAMES", "PAIRS"};
  const bool plain =
      std::find(numbers.begin(), numbers.end(), value) != numbers.end();
  return plain || value.find(',') != std::string::npos ? ValueKind::kNothing
                                                       : ValueKind::kFile;
}

// "INT in [1 - 16]" of CLI::Range.
std::string RangeOf(const std::string& text) {
  const size_t begin = text.find(" in [");
  if (begin == std::string::npos || !text.ends_with("]")) return "";
  std::string range = text.substr(begin + 5, text.size() - begin - 6);
  const size_t dash = range.find(" - ");
  return dash == std::string::npos ? range : range.replace(dash, 3, " to ");
}

OptionDescription DescribeOption(CLI::Option& option) {
  OptionDescription result;
  for (const std::string& name : option.get_snames()) {
    result.names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    result.names.push_back("--" + name);
  }
  if (option.get_positional()) {
    result.positional = option.get_name(true, false);
  }
  result.help = option.get_description();
  result.group = option.get_group();
  result.required = option.get_required();
  if (option.get_items_expected_max() == 0) return result;  // a flag
  const std::string type = option.get_type_name();
  const size_t colon = type.find(':');
  result.value = type.substr(0, colon);
  if (colon != std::string::npos) result.range = RangeOf(type.substr(colon));
  result.default_value = WithoutHome(option.get_default_str());
  if (const std::string& text = result.default_value;
      text.starts_with("[") && text.ends_with("]")) {  // a list of CLI11
    result.default_value = text.substr(1, text.size() - 2);
  }
  result.values = option.get_items_expected_min();
  result.many = option.get_items_expected_max() > result.values &&
                option.get_delimiter() == '\0';
  result.choices = ChoicesOf(option);
  result.kind =
      KindOf(result.value, !result.choices.empty(), option.get_delimiter());
  return result;
}

// A footer is paragraphs; a line "Examples:" begins lines that are indented.
void ReadFooter(const std::string& footer, CommandDescription& command) {
  std::istringstream lines(footer);
  std::string line;
  bool examples = false, open = false;
  while (std::getline(lines, line)) {
    if (line == "Examples:" || line == "Example:") {
      examples = true;
      continue;
    }
    examples = examples && (line.empty() || line.starts_with("  "));
    if (examples && !line.empty()) command.examples.push_back(line.substr(2));
    if (examples || line.empty()) {
      open = false;
    } else if (open) {
      command.notes.back() += " " + line;
    } else {
      command.notes.push_back(line);
      open = true;
    }
  }
  // Said of all commands in one place.
  std::erase_if(command.notes, [](const std::string& note) {
    return note.starts_with("Exit codes:");
  });
}

CommandDescription DescribeBelow(CLI::App& app,
                                 const std::vector<std::string>& above,
                                 const std::string& footer_above) {
  CommandDescription result;
  result.path = above;
  result.path.push_back(app.get_name());
  result.summary = app.get_description();
  // CLI11 gives a command the footer of the one above unless it has its own.
  if (app.get_footer() != footer_above) ReadFooter(app.get_footer(), result);
  for (CLI::Option* option : app.get_options(
           [](CLI::Option* o) { return !o->get_group().empty(); })) {
    OptionDescription description = DescribeOption(*option);
    if (!description.positional.empty()) {
      // One that may be named, too, is both, and never required here.
      OptionDescription place = description;
      place.names.clear();
      if (!description.names.empty()) place.required = false;
      result.positionals.push_back(std::move(place));
    }
    if (!description.names.empty()) {
      result.options.push_back(std::move(description));
    }
  }
  for (CLI::App* command : app.get_subcommands(
           [](CLI::App* a) { return !a->get_group().empty(); })) {
    result.commands.push_back(
        DescribeBelow(*command, result.path, app.get_footer()));
  }
  return result;
}

}  // namespace

std::string CommandDescription::Name(const std::string& separator) const {
  return Joined(path, separator);
}

std::string CommandDescription::Usage() const {
  std::string usage = Name();
  for (const OptionDescription& option : options) {
    if (!option.required) continue;
    usage += " " + option.names.front() + " " + option.value;
  }
  usage += " [OPTIONS]";
  for (const OptionDescription& positional : positionals) {
    const std::string name =
        positional.positional + (positional.many ? "..." : "");
    usage += positional.required ? " " + name : " [" + name + "]";
  }
  return usage + (commands.empty() ? "" : " COMMAND");
}

CommandDescription Describe(CLI::App& app) {
  return DescribeBelow(app, {}, "");
}

std::vector<const CommandDescription*> AllCommands(
    const CommandDescription& command) {
  std::vector<const CommandDescription*> all = {&command};
  for (const CommandDescription& below : command.commands) {
    const auto more = AllCommands(below);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::vector<std::string> GroupsOf(const CommandDescription& command) {
  std::vector<std::string> groups;
  for (const OptionDescription& option : command.options) {
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) {
      groups.push_back(option.group);
    }
  }
  return groups;
}

std::string Brief(const std::string& help) {
  constexpr size_t kLength = 60;
  std::string text = help.substr(0, help.find('\n'));
  for (const char* end : {"; ", ". ", ": "}) {
    text = text.substr(0, text.find(end));
  }
  if (text.size() > kLength) {
    text = text.substr(0, text.rfind(' ', kLength)) + " ...";
  }
  return text;
}

std::vector<std::string> Remarks(const OptionDescription& option) {
  std::vector<std::string> remarks;
  if (option.required) remarks.emplace_back("required");
  if (!option.range.empty()) remarks.push_back(option.range);
  if (option.many) remarks.emplace_back("several may be given");
  if (!option.default_value.empty()) {
    remarks.push_back("default: " + option.default_value);
  }
  return remarks;
}
