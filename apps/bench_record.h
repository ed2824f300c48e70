// SPDX-License-Identifier: Apache-2.0
// The times of one run of `tiepoint bench`, as a table and as JSON, and the
// comparison of two.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench_peaks.h"

struct StageRecord {
  std::string size;   // "640x480"
  std::string stage;  // "detect", "whole", "match", ...
  double seconds = 0;
  // Processor seconds of all threads: what a busy machine does not change.
  double cpu = 0;
  // The same of what it is held against in the same run; 0: nothing.
  std::string baseline;
  double baseline_cpu = 0;
  double operations = 0;  // a multiply-add is two; 0: not counted
  double peak = 0;        // operations a second that this kind can reach
};

// A line of the table, and the line above all of them.
std::string TableHead();
std::string TableLine(const StageRecord& record);

nlohmann::ordered_json ToJson(const MachinePeaks& peaks);
nlohmann::ordered_json ToJson(const StageRecord& record);

// A table of the stages that both files hold: processor seconds relative to the
// baseline of the run, before and after, and their ratio. Throws InputError
// when a file is not what `tiepoint bench --json` writes.
std::string CompareBenches(const std::string& before, const std::string& after);
