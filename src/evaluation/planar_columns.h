// SPDX-License-Identifier: Apache-2.0
// Columns and curves that the planar protocols have in common.
#pragma once

#include <string>
#include <vector>

#include "evaluation/protocol.h"

namespace tiepoint {

// The mean of the series of the same name.
Column MeanColumn(const std::string& key, const std::string& title,
                  const std::string& meaning, int decimals = 3);

// Marks the columns of these keys.
void MarkHeadlines(std::vector<Column>& columns,
                   const std::vector<std::string>& keys);

// Mean of a series over items (those that `chosen` names; empty: all) and runs;
// undefined values are left out.
double MeanOfSeries(const MethodResult& method, const std::string& series,
                    const std::vector<size_t>& chosen = {});

// One curve a method: the means of `series` over `x`.
std::vector<Curve> SeriesCurves(const ProtocolResult& result,
                                const std::vector<double>& x,
                                const std::vector<std::string>& series);

// One curve a method: the mean of `series` over the items of each parameter.
std::vector<Curve> ParameterCurves(const ProtocolResult& result,
                                   const std::string& series);

}  // namespace tiepoint
