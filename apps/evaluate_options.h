// SPDX-License-Identifier: Apache-2.0
// The options of the protocols of `tiepoint evaluate`: each function adds some
// to a subcommand, which write to its arguments.
#pragma once

#include <CLI/CLI.hpp>

#include "evaluate_arguments.h"

// Of all protocols: what is evaluated, what is written, and the options that
// every command has.
void AddEvaluationOptions(CLI::App& command, EvaluateArguments& arguments);

// Of some.
void AddRuns(CLI::App& command, EvaluateArguments& arguments);
void AddPairs(CLI::App& command, EvaluateArguments& arguments);
// --filter; of sfm it has another default.
void AddFilter(CLI::App& command, EvaluateArguments& arguments);
void AddSfmFilter(CLI::App& command, EvaluateArguments& arguments);
void AddRatio(CLI::App& command, EvaluateArguments& arguments);

// Of one.
void AddMatchingOptions(CLI::App& command, EvaluateArguments& arguments);
void AddHomographyOptions(CLI::App& command, EvaluateArguments& arguments);
void AddRotationOptions(CLI::App& command, EvaluateArguments& arguments);
void AddScaleOptions(CLI::App& command, EvaluateArguments& arguments);
void AddPoseOptions(CLI::App& command, EvaluateArguments& arguments);
void AddSfmOptions(CLI::App& command, EvaluateArguments& arguments);
