// SPDX-License-Identifier: Apache-2.0
// Tables for the terminal.
#include <fmt/format.h>

#include <algorithm>

#include "evaluation/report.h"
#include "evaluation/report_text.h"

namespace tiepoint {
namespace {

// A column of printed cells, the title first.
struct Printed {
  std::vector<std::string> cells;
  size_t width = 0;

  void Add(const std::string& text) {
    cells.push_back(text);
    width = std::max(width, TextWidth(text));
  }
};

Printed Labels(const ProtocolResult& result) {
  Printed labels;
  labels.Add("");
  for (const MethodResult& method : result.methods) labels.Add(method.label);
  return labels;
}

// The mark has its own place, so that digits stay below each other.
Printed Print(const ReportTable& table, const ProtocolResult& result,
              size_t column) {
  Printed printed;
  printed.Add(result.columns[column].title + " ");
  for (size_t m = 0; m < result.methods.size(); ++m) {
    printed.Add(CellText(table.cells[m][column], result.columns[column]) +
                (IsBest(table, m, column, result) ? "*" : " "));
  }
  return printed;
}

void AppendBlock(const Printed& labels, const std::vector<Printed>& columns,
                 size_t begin, size_t end, std::string& text) {
  for (size_t row = 0; row < labels.cells.size(); ++row) {
    std::string line = PadRight(labels.cells[row], labels.width);
    for (size_t c = begin; c < end; ++c) {
      line += "  " + PadLeft(columns[c].cells[row], columns[c].width);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
}

std::string TableText(const ReportTable& table, const ProtocolResult& result,
                      size_t width) {
  std::string text =
      fmt::format("\n{} ({})\n", TableTitle(table, result),
                  Counted(static_cast<size_t>(table.items), "item"));
  const Printed labels = Labels(result);
  std::vector<Printed> columns;
  for (size_t c = 0; c < result.columns.size(); ++c) {
    columns.push_back(Print(table, result, c));
  }
  size_t begin = 0;
  while (begin < columns.size()) {
    size_t end = begin;
    size_t used = labels.width;
    while (end < columns.size() &&
           (end < begin + 2 || used + 2 + columns[end].width <= width)) {
      used += 2 + columns[end].width;
      ++end;
    }
    if (begin > 0) text += "\n";
    AppendBlock(labels, columns, begin, end, text);
    begin = end;
  }
  return text;
}

// A line a method and main column.
std::string ComparisonText(const ReportSection& section) {
  const ProtocolResult& result = section.result;
  const ReportTable& table = section.tables[0];
  const std::vector<size_t> main = MainColumns(result);
  Printed labels, titles, intervals;
  std::vector<std::string> verdicts;
  for (size_t m = 0; m < result.methods.size(); ++m) {
    if (static_cast<int>(m) == section.baseline) continue;
    for (const size_t c : main) {
      const Column& column = result.columns[c];
      const Interval& interval = table.differences[m][c];
      labels.Add(c == main[0] ? result.methods[m].label : "");
      titles.Add(column.title);
      intervals.Add(IntervalText(interval, column));
      verdicts.emplace_back(Name(Judge(interval, column)));
    }
  }
  if (verdicts.empty()) return "";
  std::string text = fmt::format(
      "\nminus {}, the same items drawn for both: difference [95 % interval]\n",
      result.methods[section.baseline].label);
  for (size_t i = 0; i < verdicts.size(); ++i) {
    const std::string line = PadRight(labels.cells[i], labels.width) + "  " +
                             PadRight(titles.cells[i], titles.width) + "  " +
                             PadRight(intervals.cells[i], intervals.width) +
                             "  " + verdicts[i];
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

// Words, broken between them at `width`.
std::string Wrapped(const std::string& words, size_t width) {
  std::string text, line;
  size_t begin = 0;
  while (begin < words.size()) {
    const size_t end = std::min(words.find(' ', begin), words.size());
    const std::string word = words.substr(begin, end - begin);
    if (!line.empty() && TextWidth(line) + 1 + TextWidth(word) > width) {
      text += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return line.empty() ? text : text + line + "\n";
}

}  // namespace

std::string TextTable(const ReportSection& section, int width) {
  const ProtocolResult& result = section.result;
  const auto wrap_at = static_cast<size_t>(std::min(width, 100));
  std::string text = result.protocol + "\n";
  text += Wrapped(SettingsLine(result.settings), wrap_at);
  // All items together come last, where the eye rests.
  for (size_t t = 1; t < section.tables.size(); ++t) {
    text += TableText(section.tables[t], result, static_cast<size_t>(width));
  }
  text += TableText(section.tables[0], result, static_cast<size_t>(width));
  text += ComparisonText(section);
  for (const std::string& note : result.notes) {
    text += "\n" + Wrapped(note, wrap_at);
  }
  return text;
}

}  // namespace tiepoint
