// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "evaluate_arguments.h"

// Runs the protocol `name` ("all": each that can be run) on the presets and the
// feature files, prints its tables and writes what was asked for. Returns the
// exit code: kExitNoAnswer where --check was not reached. Throws InputError for
// what cannot be evaluated or written.
int RunEvaluation(const EvaluateArguments& arguments, const std::string& name);
