// SPDX-License-Identifier: Apache-2.0
// What a command line takes, read from its CLI11 App: the one source of the
// manual (manual_page.h, manual_markdown.h) and of shell completion
// (completion.h).
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

// What may stand where a value is asked for.
enum class ValueKind {
  kNothing,  // a flag, or a number or text that nobody can guess
  kFile,
  kFolder,
  kChoice,     // one of `choices`
  kChoiceList  // some of them, by commas
};

struct OptionDescription {
  std::vector<std::string> names;  // "-o", "--output"; positional: none
  std::string positional;          // "A"; also of an option that may stand
                                   // without its name
  std::string value;               // "DIR"; a flag: ""
  std::string range;               // "1 to 16", or ""
  std::string default_value;       // ""; home folders as "~"
  std::string help;                // may have several lines
  std::string group;               // "Options", "Features"
  bool required = false;
  bool many = false;  // takes all values up to the next option
  int values = 0;     // how many it takes; flag: 0
  ValueKind kind = ValueKind::kNothing;
  std::vector<std::string> choices;
};

struct CommandDescription {
  std::vector<std::string> path;  // {"tiepoint", "evaluate", "pose"}
  std::string summary;
  std::vector<std::string> notes;     // paragraphs of the footer
  std::vector<std::string> examples;  // its lines below "Examples:"
  std::vector<OptionDescription> positionals, options;
  std::vector<CommandDescription> commands;

  std::string Name(const std::string& separator = " ") const;
  // "tiepoint match [OPTIONS] A B".
  std::string Usage() const;
};

// `app` and all below it that help shows.
CommandDescription Describe(CLI::App& app);

// All in one list, each before those below it.
std::vector<const CommandDescription*> AllCommands(
    const CommandDescription& command);
// Of its options' groups, in order, each once.
std::vector<std::string> GroupsOf(const CommandDescription& command);
// The first statement of a help, at most 60 characters: for lists.
std::string Brief(const std::string& help);
// "Required", "default: 5", "1 to 16": what else is to be said of an option.
std::vector<std::string> Remarks(const OptionDescription& option);
