// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_database_reader.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>

#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_blobs.h"
#include "tiepoint/io/sift_bytes.h"
#include "tiepoint/io/sqlite.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr auto kPixelShift = static_cast<float>(kColmapPixelShift);
constexpr int64_t kMaxRows = int64_t{1} << 24;

Keypoint KeypointOf(const float* row, int64_t columns) {
  Keypoint keypoint{row[0] - kPixelShift, row[1] - kPixelShift, 1, 0, 0};
  if (columns == 4) {
    keypoint.scale = row[2];
    keypoint.angle = WrapAngle(row[3]);
  } else if (columns == 6) {
    keypoint.scale =
        (std::hypot(row[2], row[4]) + std::hypot(row[3], row[5])) / 2;
    keypoint.angle = WrapAngle(std::atan2(row[4], row[2]));
  }
  return keypoint;
}

bool AllFinite(const std::vector<float>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [](float value) { return std::isfinite(value); });
}

}  // namespace

struct ColmapDatabaseReader::Impl {
  explicit Impl(const std::string& file)
      : path(file), connection(file, file, SQLITE_OPEN_READONLY) {}

  InputError Damaged(const std::string& name, const std::string& what) const {
    return InputError(path + ": " + name + ": " + what);
  }

  std::string path;
  SqliteConnection connection;
  std::vector<std::string> names;
  std::map<std::string, int64_t> ids;
};

ColmapDatabaseReader::ColmapDatabaseReader(const std::string& path) {
  if (!fs::is_regular_file(path)) throw InputError(path + ": no such file");
  impl_ = std::make_unique<Impl>(path);
  for (const char* table :
       {"cameras", "images", "keypoints", "descriptors", "matches"}) {
    if (impl_->connection.Columns(table).empty()) {
      throw InputError(path + ": is not a database of COLMAP (no table " +
                       table + ")");
    }
  }
  SqliteStatement images(impl_->connection,
                         "SELECT image_id, name FROM images ORDER BY image_id");
  while (images.Next()) {
    impl_->names.push_back(images.Text(1));
    impl_->ids[impl_->names.back()] = images.Integer(0);
  }
}

ColmapDatabaseReader::~ColmapDatabaseReader() = default;

const std::vector<std::string>& ColmapDatabaseReader::Names() const {
  return impl_->names;
}

FeatureSet ColmapDatabaseReader::Features(const std::string& name) const {
  const auto found = impl_->ids.find(name);
  if (found == impl_->ids.end()) {
    throw impl_->Damaged(name, "there is no such image");
  }
  const std::string of_image =
      " WHERE image_id = " + std::to_string(found->second);
  FeatureSet features;
  SqliteStatement camera(impl_->connection,
                         "SELECT width, height FROM cameras WHERE camera_id = "
                         "(SELECT camera_id FROM images" +
                             of_image + ")");
  const std::vector<int64_t> size = camera.Row(2);
  if (std::min(size[0], size[1]) < 0 || std::max(size[0], size[1]) > kMaxRows) {
    throw impl_->Damaged(name, "the size of its camera is out of range");
  }
  features.image_width = static_cast<int>(size[0]);
  features.image_height = static_cast<int>(size[1]);

  SqliteStatement keypoints(
      impl_->connection, "SELECT rows, cols, data FROM keypoints" + of_image);
  if (keypoints.Next()) {
    const int64_t rows = keypoints.Integer(0), columns = keypoints.Integer(1);
    if (rows < 0 || rows > kMaxRows ||
        (columns != 2 && columns != 4 && columns != 6)) {
      throw impl_->Damaged(name, "keypoints are not N x 2, 4 or 6");
    }
    const std::vector<float> data = keypoints.Blob<float>(2, rows * columns);
    if (!AllFinite(data)) {
      throw impl_->Damaged(name, "a keypoint that is not finite");
    }
    for (int64_t i = 0; i < rows; ++i) {
      features.keypoints.push_back(
          KeypointOf(data.data() + i * columns, columns));
    }
  }
  DescriptorMatrix& descriptors = features.descriptors;
  descriptors.rows = static_cast<int>(features.keypoints.size());

  const std::vector<std::string> columns =
      impl_->connection.Columns("descriptors");
  const bool typed =
      std::find(columns.begin(), columns.end(), "type") != columns.end();
  SqliteStatement rows(impl_->connection,
                       std::string("SELECT rows, cols, data, ") +
                           (typed ? "type" : "0") + " FROM descriptors" +
                           of_image);
  if (!rows.Next() || rows.Integer(0) == 0) return features;
  // Columns are bytes, whatever the numbers.
  const int64_t bytes = rows.Integer(1);
  if (rows.Integer(0) != descriptors.rows || bytes < 1 || bytes > 1 << 16) {
    throw impl_->Damaged(name, "other numbers of keypoints and descriptors");
  }
  const size_t all = static_cast<size_t>(descriptors.rows * bytes);
  if (bytes == kSiftLength && rows.Integer(3) <= 0) {
    descriptors = DescriptorsOfSiftBytes(rows.Blob<uint8_t>(2, all));
  } else if (bytes % sizeof(float) == 0) {
    descriptors.cols = static_cast<int>(bytes / sizeof(float));
    descriptors.data = rows.Blob<float>(2, all / sizeof(float));
    if (!AllFinite(descriptors.data)) {
      throw impl_->Damaged(name, "a descriptor that is not finite");
    }
  } else {
    throw impl_->Damaged(name, "descriptors of " + std::to_string(bytes) +
                                   " bytes are of no known kind");
  }
  return features;
}

std::vector<ColmapDatabaseReader::Pair> ColmapDatabaseReader::Matches(
    bool verified) const {
  std::map<int64_t, std::string> names;
  for (const auto& [name, id] : impl_->ids) names[id] = name;
  std::vector<Pair> pairs;
  SqliteStatement statement(
      impl_->connection, std::string("SELECT pair_id, rows, cols, data FROM ") +
                             (verified ? "two_view_geometries" : "matches") +
                             " WHERE rows > 0 ORDER BY pair_id");
  while (statement.Next()) {
    const int64_t id = statement.Integer(0), rows = statement.Integer(1);
    const auto first = names.find(id / kColmapMaxImages);
    const auto second = names.find(id % kColmapMaxImages);
    const std::string pair = "pair " + std::to_string(id);
    if (first == names.end() || second == names.end()) {
      throw impl_->Damaged(pair, "of images that are not there");
    }
    if (rows > kMaxRows || statement.Integer(2) != 2) {
      throw impl_->Damaged(pair, "matches are not N x 2");
    }
    const auto data = statement.Blob<uint32_t>(3, 2 * rows);
    Pair found{first->second, second->second, {}};
    for (int64_t i = 0; i < rows; ++i) {
      if (std::max(data[2 * i], data[2 * i + 1]) >= kMaxRows) {
        throw impl_->Damaged(pair, "a match of a keypoint that does not exist");
      }
      found.matches.emplace_back(data[2 * i], data[2 * i + 1]);
    }
    pairs.push_back(std::move(found));
  }
  return pairs;
}

}  // namespace tiepoint
