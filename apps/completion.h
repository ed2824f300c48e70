// SPDX-License-Identifier: Apache-2.0
// Scripts that complete the command line in a shell: commands, options, their
// values where they are known, files and folders where such are asked for.
// Each is whole: it needs the shell alone (not bash-completion), and asks the
// program nothing when it runs.
#pragma once

#include <string>

#include "command_description.h"

std::string BashCompletion(const CommandDescription& root);
std::string ZshCompletion(const CommandDescription& root);
std::string FishCompletion(const CommandDescription& root);
