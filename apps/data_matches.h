// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.h"

// `tiepoint data matches`: matches of photographs whose cameras are known, for
// the training of a classifier of matches.
void AddDataMatches(CLI::App& data, CommandContext& context);
