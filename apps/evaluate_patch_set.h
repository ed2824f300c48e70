// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.h"

// `tiepoint evaluate patch-set MODEL IMAGES`: a set of patches for `evaluate
// patches` from a reconstruction.
void AddPatchSet(CLI::App& evaluate, CommandContext& context);
