// SPDX-License-Identifier: Apache-2.0
#include "evaluation/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluation/number_json.h"

namespace tiepoint {
namespace {

void Flatten(const std::string& name, const Json& json,
             std::vector<Setting>& settings) {
  if (json.is_object() && !json.empty()) {
    for (const auto& [key, value] : json.items()) {
      Flatten(name.empty() ? key : name + "." + key, value, settings);
    }
    return;
  }
  settings.push_back(
      {name, json.is_string() ? json.get<std::string>() : JsonText(json)});
}

}  // namespace

std::string NumberText(double value, int decimals) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return fmt::format("{:.{}f}", value, decimals);
}

std::string DifferenceText(double value, const Column& column) {
  if (!std::isfinite(value)) return NumberText(value, 0);
  return fmt::format("{:+.{}f}", value, std::max(column.decimals, 1));
}

std::string CellText(const Cell& cell, const Column& column) {
  std::string text = NumberText(cell.value, column.decimals);
  if (cell.runs > 1 && std::isfinite(cell.value)) {
    text += " ±" + NumberText(cell.spread, column.decimals);
  }
  return text;
}

std::string IntervalText(const Interval& interval, const Column& column) {
  if (std::isnan(interval.low)) {
    return DifferenceText(interval.estimate, column);
  }
  return fmt::format("{} [{}, {}]", DifferenceText(interval.estimate, column),
                     DifferenceText(interval.low, column),
                     DifferenceText(interval.high, column));
}

Verdict Judge(const Interval& interval, const Column& column) {
  const bool above = interval.low > 0;
  const bool below = interval.high < 0;
  if (!above && !below) return Verdict::kOpen;
  return above != column.smaller_is_better ? Verdict::kBetter : Verdict::kWorse;
}

std::string_view Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kBetter:
      return "better";
    case Verdict::kWorse:
      return "worse";
    default:
      return "";
  }
}

bool IsBest(const ReportTable& table, size_t method, size_t column,
            const ProtocolResult& result) {
  const Column& what = result.columns[column];
  const auto text = [&](const std::vector<Cell>& row) {
    return NumberText(row[column].value, what.decimals);
  };
  double best = kUndefined;
  std::string best_text;
  bool differ = false;
  for (const std::vector<Cell>& row : table.cells) {
    const double value = row[column].value;
    if (std::isnan(value)) continue;
    differ |= !best_text.empty() && text(row) != best_text;
    const bool better = what.smaller_is_better ? value < best : value > best;
    if (best_text.empty() || better) {
      best = value;
      best_text = text(row);
    }
  }
  return differ && text(table.cells[method]) == best_text;
}

std::vector<size_t> MainColumns(const ProtocolResult& result, size_t count) {
  std::vector<size_t> headlines, shares, all;
  for (size_t c = 0; c < result.columns.size(); ++c) {
    if (result.columns[c].headline) headlines.push_back(c);
    if (result.columns[c].decimals > 0) shares.push_back(c);
    all.push_back(c);
  }
  if (!headlines.empty()) return headlines;
  std::vector<size_t>& chosen = shares.empty() ? all : shares;
  if (chosen.size() > count) chosen.resize(count);
  return chosen;
}

std::string TableTitle(const ReportTable& table, const ProtocolResult& result) {
  if (!table.set.empty()) return table.set;
  const std::vector<std::string> sets = SetsOf(result);
  return sets.size() == 1 && !sets[0].empty() ? sets[0] : "all sets";
}

std::string Counted(size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::vector<Setting> FlatSettings(const Json& settings) {
  std::vector<Setting> flat;
  if (!settings.is_null()) Flatten("", settings, flat);
  return flat;
}

std::string SettingsLine(const Json& settings) {
  std::string line;
  for (const auto& [name, value] : FlatSettings(settings)) {
    if (!line.empty()) line += "; ";
    line += name.empty() ? value : name + " " + value;
  }
  return line;
}

size_t TextWidth(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](unsigned char c) { return (c & 0xC0) != 0x80; });
}

std::string PadLeft(const std::string& text, size_t width) {
  const size_t own = TextWidth(text);
  return std::string(width > own ? width - own : 0, ' ') + text;
}

std::string PadRight(const std::string& text, size_t width) {
  const size_t own = TextWidth(text);
  return text + std::string(width > own ? width - own : 0, ' ');
}

}  // namespace tiepoint
