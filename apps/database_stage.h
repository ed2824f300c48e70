// SPDX-License-Identifier: Apache-2.0
// COLMAP's database as a stage of a reconstruction.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tiepoint/io/colmap_database.h"
#include "tiepoint/pipeline/assign_cameras.h"
#include "tiepoint/pipeline/match_pairs.h"

// The key (reconstruction_stages.h) of all that the database depends on.
std::string KeyOfDatabase(
    const std::map<std::string, std::string>& match_attributes,
    const std::vector<std::string>& names,
    const tiepoint::AssignedCameras& cameras,
    const std::vector<tiepoint::PhotographPair>& pairs);

// DIR/database.db, with what SQLite and writers that were killed left beside
// it. Throws tiepoint::InputError.
void RemoveDatabase(const std::string& folder);

// Photograph i is image i + 1 and camera c is camera c + 1 of an empty
// database. Throws tiepoint::InputError and tiepoint::Interrupted.
void AddPhotographs(tiepoint::ColmapDatabaseWriter& writer,
                    const std::vector<std::string>& names,
                    const tiepoint::AssignedCameras& cameras,
                    tiepoint::FeatureCache& features);
