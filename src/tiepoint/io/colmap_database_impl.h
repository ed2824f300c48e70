// SPDX-License-Identifier: Apache-2.0
// What the sources of ColmapDatabaseWriter share; for them alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/io/colmap_database.h"
#include "tiepoint/io/sqlite.h"

namespace tiepoint {

struct ColmapDatabaseWriter::Impl {
  Impl(const std::string& wanted, bool extend);

  // Reads what a database holds that is extended.
  void Begin();
  // `rows`: "TABLE WHERE COLUMN".
  void Delete(const std::string& rows, int64_t id) const {
    SqliteStatement(connection, "DELETE FROM " + rows + " = ?")
        .Bind(id)
        .Insert();
  }
  // Of an image that has none.
  void WriteFeatures(int id, const FeatureSet& features);

  // "PATH: images 1 and 2: "
  std::string PairText(int image_id1, int image_id2) const {
    return path + ": images " + std::to_string(image_id1) + " and " +
           std::to_string(image_id2) + ": ";
  }
  // Matches from the smaller id to the larger one. Throws InputError for images
  // and keypoints that do not exist.
  std::vector<uint32_t> MatchBlob(
      int image_id1, int image_id2,
      const std::vector<std::pair<int, int>>& matches) const;

  std::string path;
  std::string part;  // a new file's name until it is whole; else empty
  SqliteConnection connection;
  std::map<int, ColmapStoredImage> stored;
  std::map<std::string, int> ids;
  // Newer schemas: types of descriptors (COLMAP 4), rigs (colmap_rigs.h).
  bool has_types = false, has_rigs = false;
};

}  // namespace tiepoint
