// SPDX-License-Identifier: Apache-2.0
// The protocols of `tiepoint evaluate` with the options of a command line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluate_arguments.h"
#include "evaluation/protocol.h"

// The protocol of this name ("matching", "pose", ...), or for "all" each that
// finds its kind of truth in the folders; what is left out is printed with the
// reason, unless quiet. Throws InputError as the protocol does, and for "all"
// where none can be run.
std::vector<std::unique_ptr<tiepoint::Protocol>> MakeProtocols(
    const EvaluateArguments& arguments, const std::string& name);
