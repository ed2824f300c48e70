// SPDX-License-Identifier: Apache-2.0
// The words and digits that all forms of a report share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evaluation/report.h"
#include "tiepoint/pipeline/valid_utf8.h"

namespace tiepoint {

// With the column's decimals; "inf", "-inf", or "-" for kUndefined.
std::string NumberText(double value, int decimals);
// The same with its sign; one more decimal than the column where that has none
// (differences of counts).
std::string DifferenceText(double value, const Column& column);
// "0.812" or "0.812 ±0.003" where there are several runs.
std::string CellText(const Cell& cell, const Column& column);
// "+0.050 [+0.020, +0.080]", "+0.050" without an interval, or "-".
std::string IntervalText(const Interval& interval, const Column& column);

// Does the interval leave out 0, and on which side?
enum class Verdict { kOpen, kBetter, kWorse };
Verdict Judge(const Interval& interval, const Column& column);
std::string_view Name(Verdict verdict);  // "", "better", "worse"

// Whether a method has the best value of the column as it is printed; nobody
// has when all are the same.
bool IsBest(const ReportTable& table, size_t method, size_t column,
            const ProtocolResult& result);

// The columns that comparisons show: those marked as headline, else the first
// `count` that are no counts (some decimals), else the first ones.
std::vector<size_t> MainColumns(const ProtocolResult& result, size_t count = 4);

// Of a table: its set, or "all sets" (the only set's name where there is one).
std::string TableTitle(const ReportTable& table, const ProtocolResult& result);
// "1 item", "3 items".
std::string Counted(size_t count, const std::string& noun);

// A setting by the path of its keys: "estimator.threshold", "3".
struct Setting {
  std::string name;
  std::string value;
};
std::vector<Setting> FlatSettings(const Json& settings);
// "threshold 3; estimator.name usac; seed 0"
std::string SettingsLine(const Json& settings);

// Printed characters: UTF-8 sequences, not bytes.
size_t TextWidth(std::string_view text);
// With spaces to `width`, on the left or on the right.
std::string PadLeft(const std::string& text, size_t width);
std::string PadRight(const std::string& text, size_t width);

}  // namespace tiepoint
