// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.h"

// `tiepoint data show SHARD`: prints what a shard is, and draws some of it.
void AddDataShow(CLI::App& data, CommandContext& context);
