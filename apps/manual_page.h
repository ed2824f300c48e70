// SPDX-License-Identifier: Apache-2.0
// Pages for `man`, one a command: tiepoint(1), tiepoint-match(1),
// tiepoint-evaluate-pose(1), ... (as git and docker have them, since one page
// of all options of all commands is hard to search).
#pragma once

#include <string>

#include "command_description.h"

// In the macros man(7) of roff. `root` is the program's description, `command`
// it or one below it. Depends on nothing else: no date, no names of folders.
std::string ManualPage(const CommandDescription& root,
                       const CommandDescription& command,
                       const std::string& version);

// A list for one HTML-free Markdown page: `command` and all commands below it,
// a section each, headings from `level` (1: "# tiepoint match").
std::string ManualMarkdown(const CommandDescription& command, int level = 1);
// The first page: what there is, exit codes, environment, files; commands are
// links to NAME.md (match.md, evaluate.md).
std::string ManualMarkdownIndex(const CommandDescription& root);
