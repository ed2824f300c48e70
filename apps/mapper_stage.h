// SPDX-License-Identifier: Apache-2.0
// COLMAP's mapper as a stage of a reconstruction.
#pragma once

#include <string>

#include "tiepoint/io/colmap_program.h"

struct MapperTask {
  std::string photographs;  // folder
  std::string folder;       // with database.db; gets sparse/ and mapper.log
  int count = 0;            // of the photographs
  bool quiet = false;
};

// Replaces DIR/sparse by what the mapper makes of DIR/database.db, sparse/0
// being the largest model; on a terminal it says how many photographs are
// registered. The mapper works in a folder of its own: one that outlives a
// killed program writes nothing into the next one's. One thread: the same
// models every time. Returns what went wrong in one line (empty: nothing; an
// earlier DIR/sparse is gone then, too). Throws Interrupted, and InputError for
// folders that cannot be written.
std::string RunMapper(const tiepoint::Colmap& colmap, const MapperTask& task);
