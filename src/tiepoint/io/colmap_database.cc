// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_database.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_blobs.h"
#include "tiepoint/io/colmap_camera_models.h"
#include "tiepoint/io/colmap_database_impl.h"
#include "tiepoint/io/colmap_rigs.h"
#include "tiepoint/io/colmap_schema.h"
#include "tiepoint/io/sqlite.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

// The tables that a database of any version has.
constexpr const char* kTables[] = {"cameras",   "images",
                                   "keypoints", "descriptors",
                                   "matches",   "two_view_geometries"};

}  // namespace

ColmapDatabaseWriter::Impl::Impl(const std::string& wanted, bool extend)
    : path(wanted),
      part(extend ? "" : wanted + "." + std::to_string(getpid()) + ".part"),
      connection(extend ? wanted : part, wanted,
                 SQLITE_OPEN_READWRITE | (extend ? 0 : SQLITE_OPEN_CREATE)) {}

void ColmapDatabaseWriter::Impl::Begin() {
  for (const char* table : kTables) {
    if (connection.Columns(table).empty()) {
      throw InputError(path + ": is not a database of COLMAP (no table " +
                       table + ")");
    }
  }
  connection.Execute("BEGIN IMMEDIATE;");
  const std::vector<std::string> columns = connection.Columns("descriptors");
  has_types =
      std::find(columns.begin(), columns.end(), "type") != columns.end();
  has_rigs = HasColmapRigs(connection);
  SqliteStatement images(connection,
                         "SELECT i.image_id, i.camera_id, i.name, "
                         "coalesce(k.rows, 0) FROM images i LEFT JOIN "
                         "keypoints k ON i.image_id = k.image_id");
  while (images.Next()) {
    const int id = static_cast<int>(images.Integer(0));
    ids[images.Text(2)] = id;
    stored[id] = {id, static_cast<int>(images.Integer(1)), images.Integer(3)};
  }
}

ColmapDatabaseWriter::ColmapDatabaseWriter(const std::string& path,
                                           Existing existing) {
  std::error_code error;
  const bool exists = fs::exists(path, error);
  if (exists && existing == Existing::kRefuse) {
    throw InputError(path + ": exists already; remove it or name another file");
  }
  if (exists) {
    impl_ = std::make_unique<Impl>(path, true);
    impl_->Begin();
    return;
  }
  fs::remove(path + "." + std::to_string(getpid()) + ".part", error);
  impl_ = std::make_unique<Impl>(path, false);
  // The file is worth nothing before Commit: a journal would only cost time.
  impl_->connection.Execute("PRAGMA journal_mode = OFF; BEGIN;");
  impl_->connection.Execute(kColmapSchema);
}

ColmapDatabaseWriter::~ColmapDatabaseWriter() {
  if (!impl_) return;
  const std::string part = impl_->part;
  impl_.reset();  // what was not committed of a database is taken back
  std::error_code error;
  if (!part.empty()) fs::remove(part, error);
}

int ColmapDatabaseWriter::AddCamera(const ColmapCamera& camera,
                                    bool focal_length_known) {
  const ColmapCameraModel* const model = FindColmapCameraModel(camera.model);
  if (model == nullptr || camera.params.size() != model->num_params) {
    throw InputError("camera model " + camera.model + " with " +
                     std::to_string(camera.params.size()) +
                     " parameters is not written to COLMAP databases");
  }
  std::vector<double> params = camera.params;
  params[model->cx] += kColmapPixelShift;
  params[model->cx + 1] += kColmapPixelShift;
  SqliteStatement(impl_->connection,
                  "INSERT INTO cameras (model, width, height, params, "
                  "prior_focal_length) VALUES (?,?,?,?,?)")
      .Bind(model->id)
      .Bind(camera.width)
      .Bind(camera.height)
      .BindBlob(params)
      .Bind(focal_length_known ? 1 : 0)
      .Insert();
  const int id = impl_->connection.LastId();
  if (impl_->has_rigs) ColmapRigOf(impl_->connection, id);
  return id;
}

std::optional<ColmapStoredImage> ColmapDatabaseWriter::FindImage(
    const std::string& name) const {
  const auto found = impl_->ids.find(name);
  if (found == impl_->ids.end()) return std::nullopt;
  return impl_->stored.at(found->second);
}

void ColmapDatabaseWriter::Commit() {
  impl_->connection.Execute("COMMIT;");
  const std::string part = impl_->part;
  const std::string path = impl_->path;
  impl_.reset();  // closes the file
  if (part.empty()) return;
  std::error_code error;
  fs::rename(part, path, error);
  if (!error) return;
  std::remove(part.c_str());
  throw InputError(path + ": cannot be written (" + error.message() + ")");
}

}  // namespace tiepoint
