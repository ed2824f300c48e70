// SPDX-License-Identifier: Apache-2.0
// Who made the numbers of an evaluation, and where they are written.
#pragma once

#include <string>
#include <vector>

#include "evaluation/report.h"

// Version, commit, date, command line and machine of this run.
tiepoint::ReportHead MakeReportHead(const std::string& title);

// Paths; empty: not written.
struct EvaluationFiles {
  std::string json, csv, html, markdown;
};

// Throws InputError when a folder cannot be written: before hours of work.
void CheckWritable(const EvaluationFiles& files);

// Returns the paths that were written.
std::vector<std::string> WriteEvaluation(const tiepoint::Report& report,
                                         const EvaluationFiles& files);

// Where features and measurements are kept between runs when the user names no
// folder: $XDG_CACHE_HOME/tiepoint or ~/.cache/tiepoint; empty without a home.
std::string DefaultCacheFolder();
