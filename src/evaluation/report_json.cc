// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "evaluation/number_json.h"
#include "evaluation/report.h"
#include "evaluation/report_text.h"

namespace tiepoint {
namespace {

Json SetJson(const std::string& set) {
  return set.empty() ? Json(nullptr) : Json(set);
}

Json ColumnsJson(const std::vector<Column>& columns) {
  Json list = Json::array();
  for (const Column& column : columns) {
    list.push_back({{"key", column.key},
                    {"title", column.title},
                    {"meaning", column.meaning},
                    {"series", column.series},
                    {"smaller_is_better", column.smaller_is_better}});
  }
  return list;
}

Json ItemsJson(const std::vector<Item>& items) {
  Json list = Json::array();
  for (const Item& item : items) {
    Json one = {{"set", item.set},
                {"sequence", item.sequence},
                {"item", item.name},
                {"image1", item.image1}};
    if (!item.image2.empty()) one["image2"] = item.image2;
    if (item.parameter) one["parameter"] = NumberJson(*item.parameter);
    list.push_back(std::move(one));
  }
  return list;
}

Json MethodsJson(const std::vector<MethodResult>& methods) {
  Json list = Json::array();
  for (const MethodResult& method : methods) {
    Json measurements = Json::array();
    for (const Measurement& measurement : method.measurements) {
      measurements.push_back(MeasurementJson(measurement));
    }
    list.push_back({{"label", method.label},
                    {"settings", method.settings},
                    {"measurements", std::move(measurements)}});
  }
  return list;
}

Json CellJson(const Cell& cell) {
  return {{"mean", NumberJson(cell.value)},
          {"spread", NumberJson(cell.spread)},
          {"runs", cell.runs},
          {"items", cell.items}};
}

Json SummariesJson(const ReportSection& section) {
  const ProtocolResult& result = section.result;
  Json list = Json::array();
  for (const ReportTable& table : section.tables) {
    for (size_t m = 0; m < result.methods.size(); ++m) {
      Json columns = Json::object();
      for (size_t c = 0; c < result.columns.size(); ++c) {
        columns[result.columns[c].key] = CellJson(table.cells[m][c]);
      }
      list.push_back({{"set", SetJson(table.set)},
                      {"items", table.items},
                      {"method", result.methods[m].label},
                      {"columns", std::move(columns)}});
    }
  }
  return list;
}

Json ComparisonsJson(const ReportSection& section) {
  const ProtocolResult& result = section.result;
  Json list = Json::array();
  for (const ReportTable& table : section.tables) {
    for (size_t m = 0; m < result.methods.size(); ++m) {
      if (static_cast<int>(m) == section.baseline) continue;
      Json columns = Json::object();
      for (size_t c = 0; c < result.columns.size(); ++c) {
        const Interval& interval = table.differences[m][c];
        columns[result.columns[c].key] = {
            {"difference", NumberJson(interval.estimate)},
            {"low", NumberJson(interval.low)},
            {"high", NumberJson(interval.high)}};
      }
      list.push_back({{"set", SetJson(table.set)},
                      {"method", result.methods[m].label},
                      {"baseline", result.methods[section.baseline].label},
                      {"columns", std::move(columns)}});
    }
  }
  return list;
}

Json NumbersJson(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(NumberJson(value));
  return list;
}

Json PlotsJson(const std::vector<Plot>& plots) {
  Json list = Json::array();
  for (const Plot& plot : plots) {
    Json curves = Json::array();
    for (const Curve& curve : plot.curves) {
      curves.push_back({{"label", curve.label},
                        {"x", NumbersJson(curve.x)},
                        {"y", NumbersJson(curve.y)}});
    }
    list.push_back({{"title", plot.title},
                    {"x_label", plot.x_label},
                    {"y_label", plot.y_label},
                    {"curves", std::move(curves)}});
  }
  return list;
}

Json SectionJson(const ReportSection& section) {
  const ProtocolResult& result = section.result;
  return {{"protocol", result.protocol},
          {"settings", result.settings},
          {"columns", ColumnsJson(result.columns)},
          {"items", ItemsJson(result.items)},
          {"methods", MethodsJson(result.methods)},
          {"summaries", SummariesJson(section)},
          {"comparisons", ComparisonsJson(section)},
          {"plots", PlotsJson(result.plots)},
          {"notes", result.notes}};
}

// Indented while a line would be longer than a screen: one item, one summary a
// line, where nlohmann's own indentation gives every number its line.
void AppendPretty(const Json& json, size_t indent, std::string& text) {
  constexpr size_t kWidth = 120;
  const std::string compact = JsonText(json);
  if (!json.is_structured() || json.empty() ||
      indent + compact.size() <= kWidth) {
    text += compact;
    return;
  }
  const std::string margin(indent + 1, ' ');
  bool first = true;
  text += json.is_object() ? "{" : "[";
  for (const auto& [key, value] : json.items()) {
    text += (first ? "\n" : ",\n") + margin;
    if (json.is_object()) text += JsonText(key) + ": ";
    AppendPretty(value, indent + 1, text);
    first = false;
  }
  text += "\n" + std::string(indent, ' ') + (json.is_object() ? "}" : "]");
}

}  // namespace

std::string ResultJson(const Report& report) {
  Json json = {
      {"title", report.head.title},     {"version", report.head.version},
      {"commit", report.head.commit},   {"date", report.head.date},
      {"command", report.head.command}, {"machine", report.head.machine},
      {"protocols", Json::array()}};
  for (const ReportSection& section : report.sections) {
    json["protocols"].push_back(SectionJson(section));
  }
  std::string text;
  AppendPretty(json, 0, text);
  return text + "\n";
}

}  // namespace tiepoint
