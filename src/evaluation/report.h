// SPDX-License-Identifier: Apache-2.0
// An evaluation as files: JSON and CSV for machines, tables for the terminal
// and for documents, one HTML page for eyes. All of them say the same numbers,
// which MakeReport works out once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/run.h"

namespace tiepoint {

// What made the numbers. Fields may be empty.
struct ReportHead {
  std::string title = "Tiepoint evaluation";
  std::string version;  // of the program
  std::string commit;   // of its sources
  std::string date;     // "2026-11-24"
  std::string command;  // the command line
  std::string machine;  // processor, threads
};

// The numbers of one protocol on some of its items.
struct ReportTable {
  std::string set;  // empty: all items together
  int items = 0;
  std::vector<std::vector<Cell>> cells;  // [method][column]
  // Method minus baseline; kUndefined throughout in the baseline's own row.
  std::vector<std::vector<Interval>> differences;  // [method][column]
};

struct ReportSection {
  ProtocolResult result;
  int baseline = 0;  // index of a method
  // All items first; then one a set, when there are several.
  std::vector<ReportTable> tables;
};

struct Report {
  ReportHead head;
  std::vector<ReportSection> sections;
};

struct ReportOptions {
  // Label of the method that the others are compared with, where a protocol has
  // it; else "rootsift", else the first whose label begins with it, else the
  // first.
  std::string baseline;
  uint64_t seed = 0;  // of the bootstrap
};

// The tables of one protocol: an interval costs a thousand summaries, so it is
// made once and kept where both the terminal and a report want it.
ReportSection MakeReportSection(ProtocolResult result,
                                const ReportOptions& options);

// A section a result.
Report MakeReport(ReportHead head, std::vector<ProtocolResult> results,
                  const ReportOptions& options);

// Everything, measurements of every item and run included. Not a number is
// null, infinities are "inf" and "-inf"; "set" null is all items together.
std::string ResultJson(const Report& report);

// Measurements in long form (RFC 4180, lines end in "\n"), under the head
//   protocol,set,sequence,item,parameter,method,series,run,value
// Runs count from 0; not a number is an empty field, infinity is "inf".
std::string ResultCsv(const Report& report);

// For a terminal: a table a set, `width` characters wide at most as long as two
// columns fit (wider tables go on in blocks below), "*" at the best of a
// column, and the comparison with the baseline.
std::string TextTable(const ReportSection& section, int width = 150);

// A document: the head, then a section a protocol with a table a set, settings
// in one line, and the comparison with the baseline.
std::string ResultMarkdown(const Report& report);

// One page that needs no network and no other file: tables, curves, forest
// plots of the comparisons, pictures of the worst items. Bytes that are not
// UTF-8 become U+FFFD.
std::string HtmlReport(const Report& report);

}  // namespace tiepoint
