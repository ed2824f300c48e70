// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command_description.h"

// `tiepoint train` reads its own arguments (train_command.h); this fills in
// what they are, from the table of train_config.h.
void DescribeTrain(CommandDescription& train);
