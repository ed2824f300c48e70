// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>

#include "evaluation/report.h"

namespace tiepoint {
namespace {

// Quoted where RFC 4180 asks for it.
std::string Field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

// The shortest digits that read back to the same number.
std::string Number(double value) {
  if (std::isnan(value)) return "";
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return {buffer, end};
}

void AppendItem(const ProtocolResult& result, const MethodResult& method,
                size_t index, std::string& csv) {
  const Item& item = result.items[index];
  const std::string begin = Field(result.protocol) + "," + Field(item.set) +
                            "," + Field(item.sequence) + "," +
                            Field(item.name) + "," +
                            (item.parameter ? Number(*item.parameter) : "") +
                            "," + Field(method.label) + ",";
  for (const auto& [series, runs] : method.measurements[index]) {
    for (size_t run = 0; run < runs.size(); ++run) {
      csv += begin + Field(series) + "," + std::to_string(run) + "," +
             Number(runs[run]) + "\n";
    }
  }
}

}  // namespace

std::string ResultCsv(const Report& report) {
  std::string csv =
      "protocol,set,sequence,item,parameter,method,series,run,value\n";
  for (const ReportSection& section : report.sections) {
    const ProtocolResult& result = section.result;
    for (const MethodResult& method : result.methods) {
      for (size_t i = 0; i < result.items.size(); ++i) {
        AppendItem(result, method, i, csv);
      }
    }
  }
  return csv;
}

}  // namespace tiepoint
