// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.h"

// `tiepoint evaluate parity IMAGE`: inference beside LibTorch on the same
// weights and the same photograph. Of programs with training.
void AddParity(CLI::App& evaluate, CommandContext& context);
