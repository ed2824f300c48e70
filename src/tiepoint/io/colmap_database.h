// SPDX-License-Identifier: Apache-2.0
// Databases of COLMAP (SQLite): features and matches that its geometric
// verification and its mapper take up. The tables are those of COLMAP 3.8
// (PRAGMA user_version 3800), which later versions bring up to date when they
// open the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/io/colmap_model.h"
#include "tiepoint/io/colmap_two_view.h"

namespace tiepoint {

// Writes one database in one transaction. The file appears when Commit returns;
// a writer that is destroyed before leaves none. Pixels are Tiepoint's here
// (the centre of the first pixel is (0, 0)): 0.5 is added to principal points
// and keypoints on writing, as COLMAP has it.
class ColmapDatabaseWriter {
 public:
  // Throws InputError when `path` exists or cannot be written.
  explicit ColmapDatabaseWriter(const std::string& path);
  ~ColmapDatabaseWriter();

  // The camera's id: 1, 2, ... `focal_length_known`: COLMAP then verifies with
  // essential matrices, otherwise with fundamental matrices alone. Throws
  // InputError for models that colmap_model.h does not list, or with another
  // number of parameters.
  int AddCamera(const ColmapCamera& camera, bool focal_length_known);

  // The image's id: 1, 2, ... `name`: path of the photograph below COLMAP's
  // image folder. `features`: in pixels of the stored file. Keypoints are
  // written as x, y and the affine shape [s cos, -s sin; s sin, s cos], also
  // when there are none (COLMAP refuses images without that row). Descriptors
  // of 128 numbers are written as bytes, round(512 x) within 0..255 (COLMAP's
  // SIFT: unit length, not negative); others have no place in this schema and
  // are left out. Throws InputError for a name that is there already.
  int AddImage(const std::string& name, int camera_id,
               const FeatureSet& features);

  // Keypoint `first` of image 1 is keypoint `second` of image 2. The order of
  // the ids does not matter; one call a pair. Throws InputError for ids or
  // keypoints that do not exist, and for a pair that is there already.
  void AddMatches(int image_id1, int image_id2,
                  const std::vector<std::pair<int, int>>& matches);

  // The verified geometry of a pair: the mapper reads only this. image_id1 is
  // the camera 1 of `geometry`, and smaller than image_id2. Call it beside
  // AddMatches, once a pair. Throws InputError as AddMatches.
  void AddTwoViewGeometry(int image_id1, int image_id2,
                          const ColmapTwoView& geometry);

  // The last call. Throws InputError when the file cannot be written (disk
  // full).
  void Commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What a database holds.
struct ColmapDatabaseCounts {
  int64_t cameras = 0;
  int64_t images = 0;
  int64_t keypoints = 0;
  int64_t descriptors = 0;
  int64_t matched_pairs = 0;  // with at least one match
  int64_t matches = 0;
  // After geometric verification: pairs with at least one inlier, and the
  // inliers of all pairs.
  int64_t inlier_pairs = 0;
  int64_t inlier_matches = 0;
};

// Throws InputError when the file is missing or is not such a database.
ColmapDatabaseCounts CountColmapDatabase(const std::string& path);

}  // namespace tiepoint
