// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "tiepoint/io/colmap_database.h"
#include "tiepoint/io/sqlite.h"

namespace tiepoint {

namespace fs = std::filesystem;

ColmapDatabaseCounts CountColmapDatabase(const std::string& path) {
  if (!fs::is_regular_file(path)) throw InputError(path + ": no such file");
  const SqliteConnection connection(path, path, SQLITE_OPEN_READONLY);
  const auto count = [&](const std::string& table) {
    return SqliteStatement(connection, "SELECT count(*) FROM " + table)
        .Row(1)[0];
  };
  // Rows of the table with any, and the sum of their lengths.
  const auto lengths = [&](const std::string& table) {
    return SqliteStatement(connection, "SELECT count(*), sum(rows) FROM " +
                                           table + " WHERE rows > 0")
        .Row(2);
  };
  ColmapDatabaseCounts counts;
  counts.cameras = count("cameras");
  counts.images = count("images");
  counts.keypoints = lengths("keypoints")[1];
  counts.descriptors = lengths("descriptors")[1];
  const std::vector<int64_t> matches = lengths("matches");
  const std::vector<int64_t> inliers = lengths("two_view_geometries");
  counts.matched_pairs = matches[0];
  counts.matches = matches[1];
  counts.inlier_pairs = inliers[0];
  counts.inlier_matches = inliers[1];
  return counts;
}

}  // namespace tiepoint
