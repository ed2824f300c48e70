// SPDX-License-Identifier: Apache-2.0
#include "evaluation/planar_columns.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluation/statistics.h"

namespace tiepoint {

Column MeanColumn(const std::string& key, const std::string& title,
                  const std::string& meaning, int decimals) {
  Column column;
  column.key = column.series = key;
  column.title = title;
  column.meaning = meaning;
  column.summarize = [](std::span<const double> values) {
    return Mean(values);
  };
  column.decimals = decimals;
  return column;
}

void MarkHeadlines(std::vector<Column>& columns,
                   const std::vector<std::string>& keys) {
  for (Column& column : columns) {
    column.headline = std::count(keys.begin(), keys.end(), column.key) > 0;
  }
}

double MeanOfSeries(const MethodResult& method, const std::string& series,
                    const std::vector<size_t>& chosen) {
  std::vector<double> values;
  const auto add = [&](const Measurement& measurement) {
    const auto found = measurement.find(series);
    if (found == measurement.end()) return;
    for (const double v : found->second) {
      if (!std::isnan(v)) values.push_back(v);
    }
  };
  if (chosen.empty()) {
    for (const Measurement& measurement : method.measurements) add(measurement);
  }
  for (const size_t i : chosen) add(method.measurements.at(i));
  return values.empty() ? kUndefined : Mean(values);
}

std::vector<Curve> SeriesCurves(const ProtocolResult& result,
                                const std::vector<double>& x,
                                const std::vector<std::string>& series) {
  std::vector<Curve> curves;
  for (const MethodResult& method : result.methods) {
    Curve& curve = curves.emplace_back(Curve{method.label, x, {}});
    for (const std::string& name : series) {
      curve.y.push_back(MeanOfSeries(method, name));
    }
  }
  return curves;
}

std::vector<Curve> ParameterCurves(const ProtocolResult& result,
                                   const std::string& series) {
  std::map<double, std::vector<size_t>> items;
  for (size_t i = 0; i < result.items.size(); ++i) {
    if (result.items[i].parameter)
      items[*result.items[i].parameter].push_back(i);
  }
  std::vector<Curve> curves;
  for (const MethodResult& method : result.methods) {
    Curve& curve = curves.emplace_back(Curve{method.label, {}, {}});
    for (const auto& [parameter, chosen] : items) {
      curve.x.push_back(parameter);
      curve.y.push_back(MeanOfSeries(method, series, chosen));
    }
  }
  return curves;
}

}  // namespace tiepoint
