// SPDX-License-Identifier: Apache-2.0
// Numbers in JSON that need not be finite.
#pragma once

#include "evaluation/protocol.h"

namespace tiepoint {

// JSON has no infinity and no "not a number": null is kUndefined, the texts
// "inf" and "-inf" are the infinities. Finite numbers read back to the same
// double.
Json NumberJson(double value);
// The way back; throws nlohmann::json::exception for anything else.
double NumberFromJson(const Json& json);

// {"series": [run, run, ...], ...}
Json MeasurementJson(const Measurement& measurement);
Measurement MeasurementFromJson(const Json& json);

// As text; bytes that are not UTF-8 (paths may hold any) become U+FFFD.
std::string JsonText(const Json& json);

}  // namespace tiepoint
