// SPDX-License-Identifier: Apache-2.0
// A pair out of the files of `tiepoint reconstruct`, as its page takes it.
#pragma once

#include <string>

#include "tiepoint/report/match_page.h"

namespace tiepoint {

struct PairViewTask {
  std::string features, matches;  // features.h5, matches.h5
  std::string photographs;        // folder of the photographs
  std::string first, second;      // names below it, either way round
};

// Photographs of kinds that browsers do not show are made JPEG. Throws
// InputError when the pair is not in the files, or a photograph is missing.
MatchPageInput ViewOfPair(const PairViewTask& task);

}  // namespace tiepoint
