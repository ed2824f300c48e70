// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace tiepoint {

// Finds the file of a weights name ("lift_detector", ...) in `models`: one
// folder, or several with ':' between them, of which the first that has it
// counts; empty: those of the variable TIEPOINT_MODELS, else the weights that
// came with the program. Throws InputError naming the folders that were
// searched.
std::string FindModel(const std::string& models, const std::string& name);

}  // namespace tiepoint
