// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_blobs.h"
#include "tiepoint/io/colmap_database.h"
#include "tiepoint/io/colmap_database_impl.h"
#include "tiepoint/io/colmap_rigs.h"
#include "tiepoint/io/sift_bytes.h"

namespace tiepoint {
namespace {

constexpr int kSiftType = 0;  // of descriptors, since COLMAP 4

}  // namespace

void ColmapDatabaseWriter::Impl::WriteFeatures(int id,
                                               const FeatureSet& features) {
  const int64_t rows = std::ssize(features.keypoints);
  const std::vector<float> keypoints = ColmapKeypointBlob(features);
  SqliteStatement(
      connection,
      "INSERT INTO keypoints (image_id, rows, cols, data) VALUES (?,?,?,?)")
      .Bind(id)
      .Bind(rows)
      .Bind(kColmapKeypointColumns)
      .BindBlob(keypoints)
      .Insert();
  stored.at(id).keypoints = rows;
  if (features.descriptors.cols != kSiftLength ||
      features.descriptors.rows != rows) {
    return;
  }
  const std::vector<uint8_t> bytes = SiftBytes(features.descriptors);
  SqliteStatement statement(
      connection, std::string("INSERT INTO descriptors (image_id, rows, ") +
                      "cols, data" + (has_types ? ", type" : "") +
                      ") VALUES (?,?,?,?" + (has_types ? ",?)" : ")"));
  statement.Bind(id).Bind(rows).Bind(kSiftLength).BindBlob(bytes);
  if (has_types) {
    if (SqliteStatement(connection,
                        "SELECT 1 FROM descriptors WHERE type != ? AND rows "
                        "> 0 LIMIT 1")
            .Bind(kSiftType)
            .Next()) {
      throw InputError(path +
                       ": holds descriptors that are not SIFT's, and COLMAP "
                       "refuses databases with several kinds; leave the "
                       "descriptors out");
    }
    statement.Bind(kSiftType);
  }
  statement.Insert();
}

int ColmapDatabaseWriter::AddImage(const std::string& name, int camera_id,
                                   const FeatureSet& features) {
  if (!SqliteStatement(impl_->connection,
                       "SELECT 1 FROM cameras WHERE camera_id = ?")
           .Bind(camera_id)
           .Next()) {
    throw InputError(impl_->path + ": " + name + ": no camera " +
                     std::to_string(camera_id));
  }
  if (!SqliteStatement(impl_->connection,
                       "INSERT INTO images (name, camera_id) VALUES (?,?)")
           .Bind(name)
           .Bind(camera_id)
           .Insert()) {
    throw InputError(impl_->path + ": " + name +
                     ": an image of this name is there already");
  }
  const int id = impl_->connection.LastId();
  impl_->ids[name] = id;
  impl_->stored[id] = {id, camera_id, 0};
  if (impl_->has_rigs) AddColmapFrame(impl_->connection, id, camera_id);
  impl_->WriteFeatures(id, features);
  return id;
}

bool ColmapDatabaseWriter::SetFeatures(int image_id,
                                       const FeatureSet& features) {
  const std::string id = std::to_string(image_id);
  SqliteStatement keypoints(
      impl_->connection,
      "SELECT data FROM keypoints WHERE image_id = " + id + " AND cols = 6");
  const std::vector<float> wanted = ColmapKeypointBlob(features);
  if (keypoints.Next() &&
      keypoints.BlobSize(0) == wanted.size() * sizeof(float) &&
      keypoints.Blob<float>(0, wanted.size()) == wanted) {
    return false;
  }
  impl_->Delete("keypoints WHERE image_id", image_id);
  impl_->Delete("descriptors WHERE image_id", image_id);
  for (const char* table : {"matches", "two_view_geometries"}) {
    // Whose pair_id names the image (ColmapPairId).
    impl_->Delete(std::string(table) + " WHERE pair_id / 2147483647 = " + id +
                      " OR pair_id % 2147483647",
                  image_id);
  }
  impl_->WriteFeatures(image_id, features);
  return true;
}

}  // namespace tiepoint
