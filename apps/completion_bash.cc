// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "completion.h"

namespace {

// Words of a list, each in no need of quotes.
std::string Words(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

// What follows an option, or stands at a place: "how words...".
std::string Answer(const OptionDescription& option) {
  switch (option.kind) {
    case ValueKind::kNothing:
      return "none";
    case ValueKind::kFile:
      return "files";
    case ValueKind::kFolder:
      return "folders";
    case ValueKind::kChoice:
      return "words " + Words(option.choices);
    case ValueKind::kChoiceList:
      return "list " + Words(option.choices);
  }
  return "none";
}

// Answers, each with the patterns (of `case`, quoted) that it is given for.
using Cases = std::map<std::string, std::vector<std::string>>;

std::string CaseLines(const Cases& cases) {
  std::string text;
  for (const auto& [answer, patterns] : cases) {
    std::string line;
    for (const std::string& pattern : patterns) {
      line += (line.empty() ? "    " : " | \\\n    ") + pattern;
    }
    text += line + ") answer='" + answer + "' ;;\n";
  }
  return text;
}

// A function that sets `answer` by the pattern "$1".
std::string CaseFunction(const std::string& name, const Cases& cases) {
  return name + "() {\n  answer=\n  case $1 in\n" + CaseLines(cases) +
         "  esac\n}\n\n";
}

std::string Quoted(const std::string& text) { return "'" + text + "'"; }

// The i-th place of a command and, where it takes all that follow, those.
std::vector<std::string> PlacePatterns(const std::string& path, size_t i,
                                       bool many) {
  const std::string first = std::to_string(i);
  if (!many) return {Quoted(path + " " + first)};
  return {Quoted(path + " ") + "[" + first + "-9]",
          Quoted(path + " ") + "[1-9][0-9]*"};
}

constexpr const char* kMain = R"bash(
# What `how words...` says of $cur, into COMPREPLY.
_tiepoint_reply() {
  local how=$1 head= line
  shift
  case $how in
  list)
    [[ $cur != *,* ]] || head=${cur%,*},
    while IFS= read -r line; do
      COMPREPLY+=("$head$line")
    done < <(compgen -W "$*" -- "${cur##*,}")
    ;;
  words)
    while IFS= read -r line; do
      COMPREPLY+=("$line")
    done < <(compgen -W "$*" -- "$cur")
    ;;
  files | folders)
    [[ $how == files ]] && how=-f || how=-d
    while IFS= read -r line; do
      COMPREPLY+=("$line")
    done < <(compgen $how -- "$cur")
    compopt -o filenames 2>/dev/null
    ;;
  esac
}

_tiepoint() {
  local cur=${COMP_WORDS[COMP_CWORD]} answer path=tiepoint
  local word pending= open= i places=0
  COMPREPLY=()
  # `=` is a word of its own in bash.
  [[ $cur != = ]] || cur=
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ $word == = ]]; then continue; fi
    if [[ -n $pending ]]; then
      pending=
      continue
    fi
    if [[ $word == -* ]]; then
      open=
      _tiepoint_value "$path $word"
      if [[ -n $answer ]]; then
        pending=$answer
        _tiepoint_many "$path $word"
        [[ -z $answer ]] || open=$pending
      fi
      continue
    fi
    [[ -z $open ]] || continue
    _tiepoint_command "$path $word"
    if [[ -n $answer ]]; then path=$answer; else ((++places)); fi
  done
  if [[ -n $pending ]]; then
    _tiepoint_reply $pending
  elif [[ $cur == -* ]]; then
    _tiepoint_options "$path"
    _tiepoint_reply words $answer
  elif [[ -n $open ]]; then
    _tiepoint_reply $open
  else
    _tiepoint_place "$path $places"
    _tiepoint_reply $answer
  fi
}
complete -F _tiepoint tiepoint
)bash";

}  // namespace

std::string BashCompletion(const CommandDescription& root) {
  Cases commands, values, many, options, places;
  for (const CommandDescription* command : AllCommands(root)) {
    const std::string path = command->Name();
    if (command != &root) commands[path].push_back(Quoted(path));
    std::vector<std::string> names;
    for (const OptionDescription& option : command->options) {
      for (const std::string& name : option.names) {
        names.push_back(name);
        if (option.value.empty()) continue;
        values[Answer(option)].push_back(Quoted(path + " " + name));
        if (option.many) many["yes"].push_back(Quoted(path + " " + name));
      }
    }
    options[Words(names)].push_back(Quoted(path));
    std::vector<std::string> below;
    for (const CommandDescription& c : command->commands) {
      below.push_back(c.path.back());
    }
    if (!below.empty())
      places["words " + Words(below)].push_back(Quoted(path + " 0"));
    for (size_t i = 0; i < command->positionals.size(); ++i) {
      const OptionDescription& place = command->positionals[i];
      std::vector<std::string>& patterns = places[Answer(place)];
      for (const std::string& p : PlacePatterns(path, i, place.many)) {
        patterns.push_back(p);
      }
    }
  }
  return "# Completion of tiepoint in bash. Written by `tiepoint completion "
         "bash`.\n\n" +
         CaseFunction("_tiepoint_command", commands) +
         CaseFunction("_tiepoint_value", values) +
         CaseFunction("_tiepoint_many", many) +
         CaseFunction("_tiepoint_options", options) +
         CaseFunction("_tiepoint_place", places) + (kMain + 1);
}
