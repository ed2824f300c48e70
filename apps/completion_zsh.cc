// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "completion.h"

namespace {

// Inside '...'.
std::string Quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result + "'";
}

// In the parts of a specification of _arguments, which ':' and brackets end.
std::string Part(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string Function(const CommandDescription& command) {
  std::string name = "_" + command.Name("_");
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string Action(const OptionDescription& option) {
  std::string words;
  for (const std::string& word : option.choices) words += word + " ";
  switch (option.kind) {
    case ValueKind::kNothing:
      return " ";
    case ValueKind::kFile:
      return "_files";
    case ValueKind::kFolder:
      return "_files -/";
    case ValueKind::kChoice:
      return "(" + words + ")";
    case ValueKind::kChoiceList:
      return "_values -s , value " + words;
  }
  return " ";
}

// '(-o --output)'{-o,--output}'[Folder]:DIR:_files -/'
std::string Specification(const OptionDescription& option) {
  const std::string value =
      option.value.empty() ? ""
                           : ":" + Part(option.value) + ":" + Action(option);
  std::string values = value;
  for (int i = 1; i < option.values; ++i) values += value;
  const std::string text = "[" + Part(Brief(option.help)) + "]" + values;
  const bool long_one = option.names.back().starts_with("--");
  if (option.names.size() == 1) {
    return Quoted((option.many ? "*" : "") + option.names.front() +
                  (long_one && !option.value.empty() ? "=" : "") + text);
  }
  std::string all, braces;
  for (const std::string& name : option.names) {
    const bool equals = name.starts_with("--") && !option.value.empty();
    all += (all.empty() ? "" : " ") + name;
    braces += (braces.empty() ? "" : ",") + name + (equals ? "=" : "");
  }
  return (option.many ? Quoted("*") : Quoted("(" + all + ")")) + "{" + braces +
         "}" + Quoted(text);
}

std::string FunctionText(const CommandDescription& command) {
  std::string text = Function(command) + "() {\n";
  std::string arguments;
  for (const OptionDescription& option : command.options) {
    arguments += " \\\n    " + Specification(option);
  }
  if (command.commands.empty()) {
    for (const OptionDescription& place : command.positionals) {
      arguments +=
          " \\\n    " + Quoted((place.many ? "*:" : ":") +
                               Part(place.positional) + ":" + Action(place));
    }
    return text + "  _arguments -S" + arguments + "\n}\n\n";
  }
  text += "  local curcontext=$curcontext state line\n  local -a commands\n";
  text += "  _arguments -C" + arguments +
          " \\\n    '1:command:->command' \\\n    '*::argument:->argument'\n";
  text += "  case $state in\n  command)\n    commands=(\n";
  std::string cases;
  for (const CommandDescription& below : command.commands) {
    const std::string& name = below.path.back();
    text += "      " + Quoted(Part(name) + ":" + Brief(below.summary)) + "\n";
    cases += "    " + name + ") " + Function(below) + " ;;\n";
  }
  return text + "    )\n    _describe command commands\n    ;;\n  argument)\n" +
         "    case $line[1] in\n" + cases + "    esac\n    ;;\n  esac\n}\n\n";
}

}  // namespace

std::string ZshCompletion(const CommandDescription& root) {
  std::string text =
      "#compdef tiepoint\n"
      "# Completion of tiepoint in zsh. Written by `tiepoint completion "
      "zsh`.\n\n";
  for (const CommandDescription* command : AllCommands(root)) {
    text += FunctionText(*command);
  }
  // Both as a file of $fpath and by `source <(tiepoint completion zsh)`.
  return text +
         "if [[ $funcstack[1] == _tiepoint ]]; then\n"
         "  _tiepoint \"$@\"\n"
         "elif (( $+functions[compdef] )); then\n"
         "  compdef _tiepoint tiepoint\n"
         "else\n"
         "  print -u2 'tiepoint: completion comes after compinit'\n"
         "fi\n";
}
