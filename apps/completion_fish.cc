// SPDX-License-Identifier: Apache-2.0
#include "completion.h"

namespace {

// Inside '...'.
std::string Quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string Words(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

std::string Action(const OptionDescription& option) {
  switch (option.kind) {
    case ValueKind::kNothing:
      return " -x";
    case ValueKind::kFile:
      return " -r -F";
    case ValueKind::kFolder:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::kChoice:
      return (option.value.find("FILE") == std::string::npos ? " -x -a "
                                                             : " -r -F -a ") +
             Quoted(Words(option.choices));
    case ValueKind::kChoiceList:
      return " -x -a " +
             Quoted("(__fish_append , " + Words(option.choices) + ")");
  }
  return "";
}

constexpr const char* kHead =
    R"fish(# Completion of tiepoint in fish. Written by `tiepoint completion fish`.

# The command that the words so far name: "evaluate pose".
function __tiepoint_path
    set -l path
    for word in (commandline -opc)[2..-1]
        if contains -- (string join ' ' -- $path $word) $__tiepoint_commands
            set path $path $word
        end
    end
    string join ' ' -- $path
end

function __tiepoint_at
    test (__tiepoint_path | string collect --allow-empty) = "$argv[1]"
end

complete -c tiepoint -e
)fish";

}  // namespace

std::string FishCompletion(const CommandDescription& root) {
  std::string text, names;
  for (const CommandDescription* command : AllCommands(root)) {
    const std::string name =
        Words({command->path.begin() + 1, command->path.end()});
    if (!name.empty()) names += " " + Quoted(name);
    const std::string line =
        "complete -c tiepoint -n " + Quoted("__tiepoint_at \"" + name + "\"");
    for (const CommandDescription& below : command->commands) {
      text += line + " -f -a " + below.path.back() + " -d " +
              Quoted(Brief(below.summary)) + "\n";
    }
    for (const OptionDescription& option : command->options) {
      text += line;
      for (const std::string& o : option.names) {
        text +=
            o.starts_with("--") ? " -l " + o.substr(2) : " -s " + o.substr(1);
      }
      if (!option.value.empty()) text += Action(option);
      text += " -d " + Quoted(Brief(option.help)) + "\n";
    }
    for (const OptionDescription& place : command->positionals) {
      if (place.choices.empty()) continue;
      text += line + " -a " + Quoted(Words(place.choices)) + " -d " +
              Quoted(place.positional) + "\n";
    }
  }
  return kHead + ("set -g __tiepoint_commands" + names) + "\n\n" + text;
}
