// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cctype>

#include "evaluation/report.h"
#include "evaluation/report_text.h"

namespace tiepoint {
namespace {

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Nothing of it is markup any more; one line. An underscore within a word is
// none anyway, and names of settings are full of them.
std::string Escape(const std::string& text) {
  const std::string markup = "\\`*[]<>|#~&";
  std::string escaped;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inside = i > 0 && i + 1 < text.size() && IsWord(text[i - 1]) &&
                        IsWord(text[i + 1]);
    if (markup.find(c) != std::string::npos || (c == '_' && !inside)) {
      escaped += '\\';
    }
    escaped += c == '\n' || c == '\r' ? ' ' : c;
  }
  return escaped;
}

// Indented: no fence that the text could close.
std::string CodeBlock(const std::string& text) {
  std::string block = "    ";
  for (const char c : text) block += c == '\n' ? "\n    " : std::string(1, c);
  return block + "\n";
}

std::string HeadRow(const std::vector<std::string>& titles) {
  std::string row = "| |", rule = "|---|";
  for (const std::string& title : titles) {
    row += " " + Escape(title) + " |";
    rule += "---:|";
  }
  return row + "\n" + rule + "\n";
}

std::string TableMarkdown(const ReportTable& table,
                          const ProtocolResult& result) {
  std::vector<std::string> titles;
  for (const Column& column : result.columns) titles.push_back(column.title);
  std::string text =
      fmt::format("### {} ({})\n\n", Escape(TableTitle(table, result)),
                  Counted(static_cast<size_t>(table.items), "item")) +
      HeadRow(titles);
  for (size_t m = 0; m < result.methods.size(); ++m) {
    text += "| " + Escape(result.methods[m].label) + " |";
    for (size_t c = 0; c < result.columns.size(); ++c) {
      const std::string cell = CellText(table.cells[m][c], result.columns[c]);
      const bool best = IsBest(table, m, c, result);
      text += best ? " **" + cell + "** |" : " " + cell + " |";
    }
    text += "\n";
  }
  return text + "\n";
}

std::string ComparisonMarkdown(const ReportSection& section) {
  const ProtocolResult& result = section.result;
  if (result.methods.size() < 2) return "";
  const std::vector<size_t> main = MainColumns(result);
  std::vector<std::string> titles;
  for (const size_t c : main) titles.push_back(result.columns[c].title);
  std::string text = fmt::format(
      "### minus {}\n\nDifference and 95 % interval (bootstrap, the same items "
      "drawn for both); bold where the interval leaves out 0.\n\n",
      Escape(result.methods[section.baseline].label));
  text += HeadRow(titles);
  for (size_t m = 0; m < result.methods.size(); ++m) {
    if (static_cast<int>(m) == section.baseline) continue;
    text += "| " + Escape(result.methods[m].label) + " |";
    for (const size_t c : main) {
      const Interval& interval = section.tables[0].differences[m][c];
      const std::string cell = IntervalText(interval, result.columns[c]);
      const bool open = Judge(interval, result.columns[c]) == Verdict::kOpen;
      text += open ? " " + cell + " |" : " **" + cell + "** |";
    }
    text += "\n";
  }
  return text + "\n";
}

std::string ColumnsMarkdown(const ProtocolResult& result) {
  std::string text;
  for (const Column& column : result.columns) {
    text += fmt::format("* {}: {}{}\n", Escape(column.title),
                        Escape(column.meaning),
                        column.smaller_is_better ? " Smaller is better." : "");
  }
  return text + "\n";
}

std::string SectionMarkdown(const ReportSection& section) {
  const ProtocolResult& result = section.result;
  std::string text = "## " + Escape(result.protocol) + "\n\n";
  const std::string settings = SettingsLine(result.settings);
  for (const ReportTable& table : section.tables) {
    text += TableMarkdown(table, result);
  }
  if (!settings.empty()) text += "Settings: " + Escape(settings) + ".\n\n";
  text += ColumnsMarkdown(result) + ComparisonMarkdown(section);
  for (const std::string& note : result.notes) text += Escape(note) + "\n\n";
  return text;
}

std::string HeadMarkdown(const ReportHead& head) {
  std::string facts;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (value.empty()) return;
    facts += (facts.empty() ? "" : ", ") + name + Escape(value);
  };
  add("Tiepoint ", head.version);
  add("commit ", head.commit);
  add("", head.date);
  add("", head.machine);
  std::string text = "# " + Escape(head.title) + "\n\n";
  if (!facts.empty()) text += facts + ".\n\n";
  if (!head.command.empty()) text += CodeBlock(head.command) + "\n";
  return text;
}

}  // namespace

std::string ResultMarkdown(const Report& report) {
  std::string text = HeadMarkdown(report.head);
  for (const ReportSection& section : report.sections) {
    text += SectionMarkdown(section);
  }
  return text.substr(0, text.find_last_not_of('\n') + 1) + "\n";
}

}  // namespace tiepoint
