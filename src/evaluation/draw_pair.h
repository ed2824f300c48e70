// SPDX-License-Identifier: Apache-2.0
// A pair of photographs with its matches, right and wrong, for the report.
#pragma once

#include <string>
#include <vector>

#include "evaluation/features.h"
#include "tiepoint/matching/matcher.h"

namespace tiepoint {

// A PNG, at most 1200 pixels wide: both photographs side by side (read at the
// working size of their features), every match with a dot at both ends, up to
// 150 wrong matches joined in red, then up to 150 correct ones in green, spread
// evenly over their lists. `correct`: one a match.
std::string DrawPair(const std::string& path1, const std::string& path2,
                     const Features& first, const Features& second,
                     const std::vector<Match>& matches,
                     const std::vector<bool>& correct);

}  // namespace tiepoint
