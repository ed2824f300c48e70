// SPDX-License-Identifier: Apache-2.0
#include "evaluation/number_json.h"

#include <cmath>

namespace tiepoint {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

Json NumberJson(double value) {
  if (std::isnan(value)) return nullptr;
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double NumberFromJson(const Json& json) {
  if (json.is_null()) return kUndefined;
  if (json == "inf") return kInfinity;
  if (json == "-inf") return -kInfinity;
  return json.get<double>();
}

Json MeasurementJson(const Measurement& measurement) {
  Json json = Json::object();
  for (const auto& [series, runs] : measurement) {
    Json& list = json[series] = Json::array();
    for (const double value : runs) list.push_back(NumberJson(value));
  }
  return json;
}

Measurement MeasurementFromJson(const Json& json) {
  Measurement measurement;
  for (const auto& [series, list] : json.get_ref<const Json::object_t&>()) {
    std::vector<double>& runs = measurement[series];
    for (const Json& value : list.get_ref<const Json::array_t&>()) {
      runs.push_back(NumberFromJson(value));
    }
  }
  return measurement;
}

std::string JsonText(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tiepoint
