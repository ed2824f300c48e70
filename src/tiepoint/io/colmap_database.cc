// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_database.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_camera_models.h"
#include "tiepoint/io/colmap_schema.h"
#include "tiepoint/io/sift_bytes.h"
#include "tiepoint/io/small_matrix.h"
#include "tiepoint/io/sqlite.h"

static_assert(std::endian::native == std::endian::little,
              "blobs are written as they lie in memory");

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

// COLMAP's first pixel centre is (0.5, 0.5), ours (0, 0).
constexpr double kPixelShift = 0.5;
// Pairs are numbered kMaxImages * smaller id + larger id.
constexpr int64_t kMaxImages = 2147483647;
constexpr int kKeypointColumns = 6;
constexpr int kSiftType = 0;      // of descriptors, since COLMAP 4
constexpr int kCameraSensor = 0;  // a camera among sensors, since COLMAP 3.12

// The tables that a database of any version has.
constexpr const char* kTables[] = {"cameras",   "images",
                                   "keypoints", "descriptors",
                                   "matches",   "two_view_geometries"};

std::vector<float> KeypointBlob(const FeatureSet& features) {
  std::vector<float> data;
  data.reserve(features.keypoints.size() * kKeypointColumns);
  for (const Keypoint& k : features.keypoints) {
    const float c = k.scale * std::cos(k.angle);
    const float s = k.scale * std::sin(k.angle);
    data.insert(data.end(),
                {static_cast<float>(k.x + kPixelShift),
                 static_cast<float>(k.y + kPixelShift), c, -s, s, c});
  }
  return data;
}

int64_t PairId(int image_id1, int image_id2) {
  return kMaxImages * std::min(image_id1, image_id2) +
         std::max(image_id1, image_id2);
}

// Unit quaternion w, x, y, z of a rotation, w >= 0. The largest component is
// found first (Shepperd, 1978).
std::array<double, 4> Quaternion(const SmallMatrix& r) {
  const std::array<double, 4> squares = {
      1 + r[0] + r[4] + r[8], 1 + r[0] - r[4] - r[8], 1 - r[0] + r[4] - r[8],
      1 - r[0] - r[4] + r[8]};
  const auto largest = static_cast<int>(
      std::max_element(squares.begin(), squares.end()) - squares.begin());
  const double d = 2 * std::sqrt(squares[largest]);
  std::array<double, 4> q{};
  q[largest] = d / 4;
  const double wx = (r[7] - r[5]) / d, wy = (r[2] - r[6]) / d,
               wz = (r[3] - r[1]) / d, xy = (r[1] + r[3]) / d,
               xz = (r[2] + r[6]) / d, yz = (r[5] + r[7]) / d;
  switch (largest) {
    case 0:
      q = {q[0], wx, wy, wz};
      break;
    case 1:
      q = {wx, q[1], xy, xz};
      break;
    case 2:
      q = {wy, xy, q[2], yz};
      break;
    default:
      q = {wz, xz, yz, q[3]};
  }
  if (q[0] < 0) {
    for (double& value : q) value = -value;
  }
  return q;
}

}  // namespace

struct ColmapDatabaseWriter::Impl {
  Impl(const std::string& wanted, bool extend)
      : path(wanted),
        // A new file has another name until it is whole.
        part(extend ? "" : wanted + "." + std::to_string(getpid()) + ".part"),
        connection(extend ? wanted : part, wanted,
                   SQLITE_OPEN_READWRITE | (extend ? 0 : SQLITE_OPEN_CREATE)) {}

  // Reads what a database holds that is extended.
  void Begin() {
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
    has_frames = !connection.Columns("rigs").empty() &&
                 !connection.Columns("frames").empty() &&
                 !connection.Columns("frame_data").empty();
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

  bool Exists(const char* table, const char* column, int64_t id) const {
    return SqliteStatement(connection, std::string("SELECT 1 FROM ") + table +
                                           " WHERE " + column + " = ?")
        .Bind(id)
        .Next();
  }
  void Delete(const std::string& rows, int64_t id) const {
    SqliteStatement(connection, "DELETE FROM " + rows + " = ?")
        .Bind(id)
        .Insert();
  }
  int LastId() const {
    return static_cast<int>(sqlite3_last_insert_rowid(connection.Handle()));
  }

  // Every camera of newer databases is part of a rig, its own where it has
  // none.
  int RigOf(int camera_id) const {
    SqliteStatement own(connection,
                        "SELECT rig_id FROM rigs WHERE ref_sensor_id = ? AND "
                        "ref_sensor_type = ?");
    if (own.Bind(camera_id).Bind(kCameraSensor).Next()) {
      return static_cast<int>(own.Integer(0));
    }
    SqliteStatement shared(connection,
                           "SELECT rig_id FROM rig_sensors WHERE sensor_id = ? "
                           "AND sensor_type = ?");
    if (shared.Bind(camera_id).Bind(kCameraSensor).Next()) {
      return static_cast<int>(shared.Integer(0));
    }
    SqliteStatement(connection,
                    "INSERT INTO rigs (ref_sensor_id, ref_sensor_type) VALUES "
                    "(?,?)")
        .Bind(camera_id)
        .Bind(kCameraSensor)
        .Insert();
    return LastId();
  }

  void AddFrame(int image_id, int camera_id) const {
    const int rig = RigOf(camera_id);
    SqliteStatement(connection, "INSERT INTO frames (rig_id) VALUES (?)")
        .Bind(rig)
        .Insert();
    const int frame = LastId();
    SqliteStatement(connection,
                    "INSERT INTO frame_data (frame_id, data_id, sensor_id, "
                    "sensor_type) VALUES (?,?,?,?)")
        .Bind(frame)
        .Bind(image_id)
        .Bind(camera_id)
        .Bind(kCameraSensor)
        .Insert();
  }

  void WriteFeatures(int id, const FeatureSet& features) {
    const int64_t rows = std::ssize(features.keypoints);
    const std::vector<float> keypoints = KeypointBlob(features);
    SqliteStatement(
        connection,
        "INSERT INTO keypoints (image_id, rows, cols, data) VALUES (?,?,?,?)")
        .Bind(id)
        .Bind(rows)
        .Bind(kKeypointColumns)
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

  // "PATH: images 1 and 2: "
  std::string PairText(int image_id1, int image_id2) const {
    return path + ": images " + std::to_string(image_id1) + " and " +
           std::to_string(image_id2) + ": ";
  }

  // Matches from the smaller id to the larger one.
  std::vector<uint32_t> MatchBlob(
      int image_id1, int image_id2,
      const std::vector<std::pair<int, int>>& matches) const {
    const auto first = stored.find(image_id1), second = stored.find(image_id2);
    if (first == stored.end() || second == stored.end() ||
        image_id1 == image_id2) {
      throw InputError(PairText(image_id1, image_id2) +
                       "no such pair of images");
    }
    const bool swapped = image_id1 > image_id2;
    std::vector<uint32_t> data;
    data.reserve(matches.size() * 2);
    for (const auto& [i, j] : matches) {
      if (i < 0 || j < 0 || i >= first->second.keypoints ||
          j >= second->second.keypoints) {
        throw InputError(PairText(image_id1, image_id2) +
                         "a match of a keypoint that does not exist");
      }
      data.push_back(static_cast<uint32_t>(swapped ? j : i));
      data.push_back(static_cast<uint32_t>(swapped ? i : j));
    }
    return data;
  }

  std::string path, part;
  SqliteConnection connection;
  std::map<int, ColmapStoredImage> stored;
  std::map<std::string, int> ids;
  bool has_types = false, has_frames = false;
};

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
  params[model->cx] += kPixelShift;
  params[model->cx + 1] += kPixelShift;
  SqliteStatement(impl_->connection,
                  "INSERT INTO cameras (model, width, height, params, "
                  "prior_focal_length) VALUES (?,?,?,?,?)")
      .Bind(model->id)
      .Bind(camera.width)
      .Bind(camera.height)
      .BindBlob(params)
      .Bind(focal_length_known ? 1 : 0)
      .Insert();
  const int id = impl_->LastId();
  if (impl_->has_frames) impl_->RigOf(id);
  return id;
}

std::optional<ColmapStoredImage> ColmapDatabaseWriter::FindImage(
    const std::string& name) const {
  const auto found = impl_->ids.find(name);
  if (found == impl_->ids.end()) return std::nullopt;
  return impl_->stored.at(found->second);
}

int ColmapDatabaseWriter::AddImage(const std::string& name, int camera_id,
                                   const FeatureSet& features) {
  if (!impl_->Exists("cameras", "camera_id", camera_id)) {
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
  const int id = impl_->LastId();
  impl_->ids[name] = id;
  impl_->stored[id] = {id, camera_id, 0};
  if (impl_->has_frames) impl_->AddFrame(id, camera_id);
  impl_->WriteFeatures(id, features);
  return id;
}

bool ColmapDatabaseWriter::SetFeatures(int image_id,
                                       const FeatureSet& features) {
  const std::string id = std::to_string(image_id);
  SqliteStatement keypoints(
      impl_->connection,
      "SELECT data FROM keypoints WHERE image_id = " + id + " AND cols = 6");
  const std::vector<float> wanted = KeypointBlob(features);
  if (keypoints.Next() &&
      keypoints.BlobSize(0) == wanted.size() * sizeof(float) &&
      keypoints.Blob<float>(0, wanted.size()) == wanted) {
    return false;
  }
  impl_->Delete("keypoints WHERE image_id", image_id);
  impl_->Delete("descriptors WHERE image_id", image_id);
  for (const char* table : {"matches", "two_view_geometries"}) {
    // A pair is kMaxImages * smaller id + larger id.
    impl_->Delete(std::string(table) + " WHERE pair_id / 2147483647 = " + id +
                      " OR pair_id % 2147483647",
                  image_id);
  }
  impl_->WriteFeatures(image_id, features);
  return true;
}

void ColmapDatabaseWriter::AddMatches(
    int image_id1, int image_id2,
    const std::vector<std::pair<int, int>>& matches) {
  const std::vector<uint32_t> data =
      impl_->MatchBlob(image_id1, image_id2, matches);
  if (!SqliteStatement(impl_->connection,
                       "INSERT INTO matches (pair_id, rows, cols, data) VALUES "
                       "(?,?,2,?)")
           .Bind(PairId(image_id1, image_id2))
           .Bind(std::ssize(matches))
           .BindBlob(data)
           .Insert()) {
    throw InputError(impl_->PairText(image_id1, image_id2) +
                     "their matches are there already");
  }
}

void ColmapDatabaseWriter::AddTwoView(int image_id1, int image_id2,
                                      const ColmapTwoView& added) {
  const std::vector<uint32_t> data =
      impl_->MatchBlob(image_id1, image_id2, added.inliers);
  // From the smaller id to the larger one, in COLMAP's pixels.
  const ColmapTwoView two_view = image_id1 > image_id2 ? Turned(added) : added;
  const auto blob = [](const auto& numbers) {
    return std::vector<double>(numbers.begin(), numbers.end());
  };
  std::vector<std::vector<double>> matrices(3);
  if (two_view.fundamental) {
    matrices[0] =
        blob(Product(Transposed(Shift(-kPixelShift)),
                     Product(*two_view.fundamental, Shift(-kPixelShift))));
  }
  if (two_view.essential) matrices[1] = blob(*two_view.essential);
  if (two_view.homography) {
    matrices[2] =
        blob(Product(Shift(kPixelShift),
                     Product(*two_view.homography, Shift(-kPixelShift))));
  }
  // Databases of old versions have no columns for it.
  if (two_view.pose) {
    matrices.push_back(blob(Quaternion(two_view.pose->rotation)));
    matrices.push_back(blob(two_view.pose->translation));
  }
  SqliteStatement statement(
      impl_->connection,
      std::string("INSERT INTO two_view_geometries (pair_id, rows, cols, data, "
                  "config, F, E, H") +
          (two_view.pose ? ", qvec, tvec" : "") + ") VALUES (?,?,2,?,?,?,?,?" +
          (two_view.pose ? ",?,?)" : ")"));
  statement.Bind(PairId(image_id1, image_id2))
      .Bind(std::ssize(two_view.inliers))
      .BindBlob(data)
      .Bind(static_cast<int64_t>(two_view.configuration));
  for (const std::vector<double>& matrix : matrices) {
    if (matrix.empty()) {
      statement.BindNull();
    } else {
      statement.BindBlob(matrix);
    }
  }
  if (!statement.Insert()) {
    throw InputError(impl_->PairText(image_id1, image_id2) +
                     "their geometry is there already");
  }
}

void ColmapDatabaseWriter::RemovePair(int image_id1, int image_id2) {
  const int64_t pair = PairId(image_id1, image_id2);
  impl_->Delete("matches WHERE pair_id", pair);
  impl_->Delete("two_view_geometries WHERE pair_id", pair);
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
