// SPDX-License-Identifier: Apache-2.0
// Rigs and frames of COLMAP's databases, since COLMAP 3.12; for the sources of
// this layer. Each camera is part of a rig, each image of a frame (what a rig
// sees at one time). Tiepoint knows neither: a camera is its own rig, an image
// its own frame.
#pragma once

#include "tiepoint/io/sqlite.h"

namespace tiepoint {

bool HasColmapRigs(const SqliteConnection& connection);

// The rig that a camera is part of; its own, which is added, where it has none.
int ColmapRigOf(const SqliteConnection& connection, int camera_id);

// Adds a frame of the camera's rig that holds the image alone.
void AddColmapFrame(const SqliteConnection& connection, int image_id,
                    int camera_id);

}  // namespace tiepoint
