// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_database.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "tiepoint/base/error.h"

static_assert(std::endian::native == std::endian::little,
              "blobs are written as they lie in memory");

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

// COLMAP's first pixel centre is (0.5, 0.5), ours (0, 0).
constexpr double kPixelShift = 0.5;
// Pairs are numbered kMaxImages * smaller id + larger id.
constexpr int64_t kMaxImages = 2147483647;
constexpr int kDescriptorLength = 128;
constexpr size_t kKeypointColumns = 6;

constexpr const char* kSchema = R"(
PRAGMA user_version = 3800;
CREATE TABLE cameras (
  camera_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  model INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
  params BLOB, prior_focal_length INTEGER NOT NULL);
CREATE TABLE images (
  image_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL UNIQUE, camera_id INTEGER NOT NULL,
  prior_qw REAL, prior_qx REAL, prior_qy REAL, prior_qz REAL,
  prior_tx REAL, prior_ty REAL, prior_tz REAL,
  CONSTRAINT image_id_check CHECK(image_id >= 0 AND image_id < 2147483647),
  FOREIGN KEY(camera_id) REFERENCES cameras(camera_id));
CREATE UNIQUE INDEX index_name ON images(name);
CREATE TABLE keypoints (
  image_id INTEGER PRIMARY KEY NOT NULL,
  rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB,
  FOREIGN KEY(image_id) REFERENCES images(image_id) ON DELETE CASCADE);
CREATE TABLE descriptors (
  image_id INTEGER PRIMARY KEY NOT NULL,
  rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB,
  FOREIGN KEY(image_id) REFERENCES images(image_id) ON DELETE CASCADE);
CREATE TABLE matches (
  pair_id INTEGER PRIMARY KEY NOT NULL,
  rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB);
CREATE TABLE two_view_geometries (
  pair_id INTEGER PRIMARY KEY NOT NULL,
  rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB,
  config INTEGER NOT NULL, F BLOB, E BLOB, H BLOB, qvec BLOB, tvec BLOB);
)";

// COLMAP's number of a camera model, and the place of cx in its parameters (cy
// follows).
struct CameraModel {
  const char* name;
  int id;
  size_t num_params;
  size_t cx;
};
constexpr std::array<CameraModel, 5> kCameraModels = {
    {{"SIMPLE_PINHOLE", 0, 3, 1},
     {"PINHOLE", 1, 4, 2},
     {"SIMPLE_RADIAL", 2, 4, 1},
     {"RADIAL", 3, 5, 1},
     {"OPENCV", 4, 8, 2}}};

const CameraModel& FindCameraModel(const ColmapCamera& camera) {
  for (const CameraModel& model : kCameraModels) {
    if (camera.model == model.name &&
        camera.params.size() == model.num_params) {
      return model;
    }
  }
  throw InputError("camera model " + camera.model + " with " +
                   std::to_string(camera.params.size()) +
                   " parameters is not written to COLMAP databases");
}

// ------------------------------------------------------------------- SQLite

class Connection {
 public:
  // `name`: the file's in error messages.
  Connection(const std::string& path, std::string name, int flags)
      : name_(std::move(name)) {
    const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
    if (code == SQLITE_OK) return;
    sqlite3_close(handle_);
    throw Failure(code);
  }
  ~Connection() { sqlite3_close(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Execute(const char* sql) const {
    Check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr));
  }
  void Check(int code) const {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
      throw Failure(code);
    }
  }
  InputError Failure(int code) const {
    return InputError(name_ + ": " + sqlite3_errstr(code));
  }
  sqlite3* Handle() const { return handle_; }

 private:
  std::string name_;
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  Statement(const Connection& connection, const char* sql)
      : connection_(connection) {
    connection.Check(
        sqlite3_prepare_v2(connection.Handle(), sql, -1, &statement_, nullptr));
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Values of the places in order; then Insert().
  Statement& Bind(int64_t value) {
    connection_.Check(sqlite3_bind_int64(statement_, ++bound_, value));
    return *this;
  }
  Statement& Bind(const std::string& text) {
    connection_.Check(sqlite3_bind_text(statement_, ++bound_, text.data(),
                                        static_cast<int>(text.size()),
                                        SQLITE_STATIC));
    return *this;
  }
  // Without elements: an empty blob, not NULL.
  template <typename T>
  Statement& BindBlob(const std::vector<T>& data) {
    connection_.Check(sqlite3_bind_blob64(
        statement_, ++bound_,
        data.empty() ? "" : static_cast<const void*>(data.data()),
        data.size() * sizeof(T), SQLITE_STATIC));
    return *this;
  }
  // NULL where there is none. `data` must live until Insert().
  Statement& BindMatrix(const std::vector<double>& data) {
    if (!data.empty()) return BindBlob(data);
    connection_.Check(sqlite3_bind_null(statement_, ++bound_));
    return *this;
  }
  // False when the row's key is there already.
  bool Insert() {
    const int code = sqlite3_step(statement_);
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    bound_ = 0;
    if (code == SQLITE_CONSTRAINT) return false;
    connection_.Check(code);
    return true;
  }

  // The columns of the one row of a query.
  std::vector<int64_t> Row(int columns) {
    connection_.Check(sqlite3_step(statement_));
    std::vector<int64_t> row;
    for (int c = 0; c < columns; ++c) {
      row.push_back(sqlite3_column_int64(statement_, c));
    }
    return row;
  }

 private:
  const Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

int64_t PairId(int image_id1, int image_id2) {
  return kMaxImages * std::min(image_id1, image_id2) +
         std::max(image_id1, image_id2);
}

// -------------------------------------------------------------------- blobs

std::vector<float> KeypointBlob(const FeatureSet& features) {
  std::vector<float> data;
  data.reserve(features.keypoints.size() * kKeypointColumns);
  for (const Keypoint& k : features.keypoints) {
    data.push_back(static_cast<float>(k.x + kPixelShift));
    data.push_back(static_cast<float>(k.y + kPixelShift));
    const float cosine = k.scale * std::cos(k.angle);
    const float sine = k.scale * std::sin(k.angle);
    data.insert(data.end(), {cosine, -sine, sine, cosine});
  }
  return data;
}

std::vector<uint8_t> DescriptorBlob(const DescriptorMatrix& descriptors) {
  std::vector<uint8_t> data;
  data.reserve(descriptors.data.size());
  for (const float value : descriptors.data) {
    const float level = std::round(512 * value);
    // Written so that a NaN becomes 0.
    data.push_back(
        static_cast<uint8_t>(level > 0 ? std::min(level, 255.0f) : 0.0f));
  }
  return data;
}

using Matrix = std::array<double, 9>;  // row-major

Matrix Product(const Matrix& a, const Matrix& b) {
  Matrix result{};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      for (int k = 0; k < 3; ++k) {
        result[3 * r + c] += a[3 * r + k] * b[3 * k + c];
      }
    }
  }
  return result;
}

// Pixels moved by `d` along both axes.
Matrix Shift(double d) { return {1, 0, d, 0, 1, d, 0, 0, 1}; }
Matrix TransposedShift(double d) { return {1, 0, 0, 0, 1, 0, d, d, 1}; }

// Of Tiepoint's pixels to that of COLMAP's.
std::optional<Matrix> ColmapFundamental(const std::optional<Matrix>& f) {
  if (!f) return f;
  return Product(TransposedShift(-kPixelShift),
                 Product(*f, Shift(-kPixelShift)));
}
std::optional<Matrix> ColmapHomography(const std::optional<Matrix>& h) {
  if (!h) return h;
  return Product(Shift(kPixelShift), Product(*h, Shift(-kPixelShift)));
}

// Unit quaternion w, x, y, z of a rotation, w >= 0. The largest component is
// found first (Shepperd, 1978).
std::array<double, 4> Quaternion(const Matrix& r) {
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

template <typename Array>
std::vector<double> Numbers(const Array& array) {
  return {array.begin(), array.end()};
}

}  // namespace

// A file that COLMAP does not know by its name until it is whole.
struct ColmapDatabaseWriter::Impl {
  explicit Impl(const std::string& wanted)
      : path(wanted),
        part(wanted + "." + std::to_string(getpid()) + ".part"),
        connection(part, wanted, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) {}

  std::vector<uint32_t> MatchBlob(
      int image_id1, int image_id2,
      const std::vector<std::pair<int, int>>& matches) const;
  std::string Where(int image_id1, int image_id2) const;

  std::string path, part;
  Connection connection;
  std::vector<size_t> keypoints;  // of image id - 1
  int cameras = 0;
};

ColmapDatabaseWriter::ColmapDatabaseWriter(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error)) {
    throw InputError(path + ": exists already; remove it or name another file");
  }
  fs::remove(path + "." + std::to_string(getpid()) + ".part", error);
  impl_ = std::make_unique<Impl>(path);
  // The file is worth nothing before Commit: a journal would only cost time.
  impl_->connection.Execute("PRAGMA journal_mode = OFF; BEGIN;");
  impl_->connection.Execute(kSchema);
}

ColmapDatabaseWriter::~ColmapDatabaseWriter() {
  if (!impl_) return;
  const std::string part = impl_->part;
  impl_.reset();
  std::error_code error;
  fs::remove(part, error);
}

int ColmapDatabaseWriter::AddCamera(const ColmapCamera& camera,
                                    bool focal_length_known) {
  const CameraModel& model = FindCameraModel(camera);
  std::vector<double> params = camera.params;
  params[model.cx] += kPixelShift;
  params[model.cx + 1] += kPixelShift;
  const int id = ++impl_->cameras;
  Statement(impl_->connection, "INSERT INTO cameras VALUES (?,?,?,?,?,?)")
      .Bind(id)
      .Bind(model.id)
      .Bind(camera.width)
      .Bind(camera.height)
      .BindBlob(params)
      .Bind(focal_length_known ? 1 : 0)
      .Insert();
  return id;
}

int ColmapDatabaseWriter::AddImage(const std::string& name, int camera_id,
                                   const FeatureSet& features) {
  const Connection& connection = impl_->connection;
  if (camera_id < 1 || camera_id > impl_->cameras) {
    throw InputError(impl_->path + ": " + name + ": no camera " +
                     std::to_string(camera_id));
  }
  const int64_t rows = static_cast<int64_t>(features.keypoints.size());
  const int id = static_cast<int>(impl_->keypoints.size()) + 1;
  if (!Statement(connection,
                 "INSERT INTO images (image_id, name, camera_id) VALUES "
                 "(?,?,?)")
           .Bind(id)
           .Bind(name)
           .Bind(camera_id)
           .Insert()) {
    throw InputError(impl_->path + ": " + name +
                     ": an image of this name is "
                     "there already");
  }
  impl_->keypoints.push_back(features.keypoints.size());
  const std::vector<float> keypoints = KeypointBlob(features);
  Statement(connection, "INSERT INTO keypoints VALUES (?,?,?,?)")
      .Bind(id)
      .Bind(rows)
      .Bind(kKeypointColumns)
      .BindBlob(keypoints)
      .Insert();
  if (features.descriptors.cols == kDescriptorLength &&
      features.descriptors.rows == rows) {
    const std::vector<uint8_t> data = DescriptorBlob(features.descriptors);
    Statement(connection, "INSERT INTO descriptors VALUES (?,?,?,?)")
        .Bind(id)
        .Bind(rows)
        .Bind(kDescriptorLength)
        .BindBlob(data)
        .Insert();
  }
  return id;
}

// The blob of matches between two images, columns in the order of the ids.
std::vector<uint32_t> ColmapDatabaseWriter::Impl::MatchBlob(
    int image_id1, int image_id2,
    const std::vector<std::pair<int, int>>& matches) const {
  const int images = static_cast<int>(keypoints.size());
  if (std::min(image_id1, image_id2) < 1 ||
      std::max(image_id1, image_id2) > images || image_id1 == image_id2) {
    throw InputError(Where(image_id1, image_id2) + "no such pair of images");
  }
  const bool swapped = image_id1 > image_id2;
  std::vector<uint32_t> data;
  data.reserve(matches.size() * 2);
  for (const auto& [i, j] : matches) {
    if (i < 0 || j < 0 || static_cast<size_t>(i) >= keypoints[image_id1 - 1] ||
        static_cast<size_t>(j) >= keypoints[image_id2 - 1]) {
      throw InputError(Where(image_id1, image_id2) +
                       "a match of a keypoint that does not exist");
    }
    data.push_back(static_cast<uint32_t>(swapped ? j : i));
    data.push_back(static_cast<uint32_t>(swapped ? i : j));
  }
  return data;
}

std::string ColmapDatabaseWriter::Impl::Where(int image_id1,
                                              int image_id2) const {
  return path + ": images " + std::to_string(image_id1) + " and " +
         std::to_string(image_id2) + ": ";
}

void ColmapDatabaseWriter::AddMatches(
    int image_id1, int image_id2,
    const std::vector<std::pair<int, int>>& matches) {
  const std::vector<uint32_t> data =
      impl_->MatchBlob(image_id1, image_id2, matches);
  if (!Statement(impl_->connection, "INSERT INTO matches VALUES (?,?,2,?)")
           .Bind(PairId(image_id1, image_id2))
           .Bind(static_cast<int64_t>(matches.size()))
           .BindBlob(data)
           .Insert()) {
    throw InputError(impl_->Where(image_id1, image_id2) +
                     "their matches are there already");
  }
}

void ColmapDatabaseWriter::AddTwoViewGeometry(int image_id1, int image_id2,
                                              const ColmapTwoView& geometry) {
  const std::string where = impl_->Where(image_id1, image_id2);
  if (image_id1 >= image_id2) {
    throw InputError(where + "the smaller id of a geometry comes first");
  }
  const std::vector<uint32_t> data =
      impl_->MatchBlob(image_id1, image_id2, geometry.inliers);
  const auto numbers = [](const auto& matrix) {
    return matrix ? Numbers(*matrix) : std::vector<double>{};
  };
  const auto f = numbers(ColmapFundamental(geometry.fundamental));
  const auto e = numbers(geometry.essential);
  const auto h = numbers(ColmapHomography(geometry.homography));
  std::vector<double> q, t;
  if (geometry.pose) {
    q = Numbers(Quaternion(geometry.pose->rotation));
    t = Numbers(geometry.pose->translation);
  }
  if (!Statement(impl_->connection,
                 "INSERT INTO two_view_geometries VALUES (?,?,2,?,?,?,?,?,?,?)")
           .Bind(PairId(image_id1, image_id2))
           .Bind(static_cast<int64_t>(geometry.inliers.size()))
           .BindBlob(data)
           .Bind(static_cast<int64_t>(geometry.configuration))
           .BindMatrix(f)
           .BindMatrix(e)
           .BindMatrix(h)
           .BindMatrix(q)
           .BindMatrix(t)
           .Insert()) {
    throw InputError(where + "their geometry is there already");
  }
}

void ColmapDatabaseWriter::Commit() {
  impl_->connection.Execute("COMMIT;");
  const std::string part = impl_->part;
  const std::string path = impl_->path;
  impl_.reset();  // closes the file
  std::error_code error;
  fs::rename(part, path, error);
  if (!error) return;
  std::remove(part.c_str());
  throw InputError(path + ": cannot be written (" + error.message() + ")");
}

ColmapDatabaseCounts CountColmapDatabase(const std::string& path) {
  if (!fs::is_regular_file(path)) throw InputError(path + ": no such file");
  const Connection connection(path, path, SQLITE_OPEN_READONLY);
  const auto count = [&](const std::string& table) {
    return Statement(connection, ("SELECT count(*) FROM " + table).c_str())
        .Row(1)[0];
  };
  // Rows of the table with any, and the sum of their lengths.
  const auto lengths = [&](const std::string& table) {
    return Statement(connection, ("SELECT count(*), sum(rows) FROM " + table +
                                  " WHERE rows > 0")
                                     .c_str())
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
