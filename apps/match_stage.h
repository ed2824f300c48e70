// SPDX-License-Identifier: Apache-2.0
// Matches of pairs as a stage of a reconstruction.
#pragma once

#include <map>
#include <string>

#include "reconstruction.h"
#include "tiepoint/pipeline/match_pairs.h"

// The attributes of the match file: all that matches and geometries of a pair
// depend on, beside the photographs. `features_made`: those of the feature
// file. Throws tiepoint::InputError when weights are missing.
std::map<std::string, std::string> MatchAttributes(
    const ReconstructArguments& arguments,
    const std::map<std::string, std::string>& features_made);

// tiepoint::MatchPairs with progress on the terminal; task.done is ours.
void MatchMissingPairs(tiepoint::MatchPairsTask task,
                       tiepoint::FeatureCache& features,
                       tiepoint::MatchFileWriter& matches, bool quiet);
