// SPDX-License-Identifier: Apache-2.0
// The groups of a match file (match_file.h says what is in them), for the
// sources of this layer.
#pragma once

#include <hdf5.h>

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tiepoint/io/match_file.h"

namespace tiepoint {

// Names of the two photographs, with '-' for every '/'.
using MatchGroupName = std::pair<std::string, std::string>;

// All groups that hold matches. Throws InputError for damaged files (`path`
// names the file in it, here and below).
std::set<MatchGroupName> FindMatchGroups(hid_t file, const std::string& path);

// Throws InputError for what match_file.h calls the wrong shape.
MatchedPair ReadMatchGroup(hid_t file, const std::string& path,
                           const MatchGroupName& name);

// What it says of the cameras; empty: nothing.
std::optional<PairCameras> ReadMatchCameras(hid_t file, const std::string& path,
                                            const MatchGroupName& name);

// Whether all of it could be written. Throws InputError for a match of a
// keypoint that does not exist, two of one, or inliers that are no matches:
// then nothing was written.
bool WriteMatchGroup(hid_t file, const std::string& path,
                     const MatchGroupName& name, int keypoints,
                     const MatchedPair& pair);

}  // namespace tiepoint
