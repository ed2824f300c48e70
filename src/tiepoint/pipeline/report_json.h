// SPDX-License-Identifier: Apache-2.0
// The answer for machines.
#pragma once

#include <string>

#include "tiepoint/pipeline/match_photographs.h"

namespace tiepoint {

// What `tiepoint match --check-homography` adds.
struct HomographyCheck {
  std::string path;
  double max_error = 3;     // pixels of the second photograph
  int correct_matches = 0;  // matches that the homography confirms
};

// The JSON of docs/conventions.md: one row a line, numbers in the shortest form
// that reads back to the same float or double. Byte-identical for the same
// input and options apart from the line "seconds".
std::string ReportJson(const MatchReport& report,
                       const MatchPhotographsOptions& options,
                       const std::string& version,
                       const std::optional<HomographyCheck>& check = {});

}  // namespace tiepoint
