// SPDX-License-Identifier: Apache-2.0
// Databases of COLMAP (SQLite): features and matches that its geometric
// verification and its mapper take up. The tables are those of COLMAP 3.8
// (PRAGMA user_version 3800), which later versions bring up to date when they
// open the file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/io/colmap_model.h"
#include "tiepoint/io/colmap_two_view.h"

namespace tiepoint {

// An image of a database.
struct ColmapStoredImage {
  int id = 0;
  int camera_id = 0;
  int64_t keypoints = 0;
};

// Writes one database in one transaction: what was added is there when Commit
// returns, and all of it or nothing. Pixels are Tiepoint's here (the centre of
// the first pixel is (0, 0)): 0.5 is added to principal points and keypoints on
// writing, as COLMAP has it.
//
// A database that is extended keeps its schema and version, whatever version of
// COLMAP made it (to 4.x: cameras get a rig, images a frame).
class ColmapDatabaseWriter {
 public:
  enum class Existing { kRefuse, kExtend };

  // Throws InputError when `path` cannot be written, exists (kRefuse), is not
  // such a database or is in use by another program (kExtend).
  explicit ColmapDatabaseWriter(const std::string& path,
                                Existing existing = Existing::kRefuse);
  ~ColmapDatabaseWriter();

  // The camera's id: 1, 2, ... `focal_length_known`: COLMAP then verifies with
  // essential matrices, otherwise with fundamental matrices alone. Throws
  // InputError for models that colmap_model.h does not list, or with another
  // number of parameters.
  int AddCamera(const ColmapCamera& camera, bool focal_length_known);

  // The image of this name, if there is one.
  std::optional<ColmapStoredImage> FindImage(const std::string& name) const;

  // The image's id: 1, 2, ... `name`: path of the photograph below COLMAP's
  // image folder. `features`: in pixels of the stored file. Keypoints are
  // written as x, y and the affine matrix [s cos, -s sin; s sin, s cos] of
  // scale and angle, also when there are none (COLMAP refuses images without
  // that row). Descriptors of 128 numbers are written as bytes (sift_bytes.h);
  // others have no place in this schema and are left out. Throws InputError for
  // a name that is there already, and for descriptors in a database that holds
  // those of another kind.
  int AddImage(const std::string& name, int camera_id,
               const FeatureSet& features);

  // Other features for an image that is there: id and camera stay, its matches
  // with all others go (they counted the old keypoints). Features that are the
  // same already are left alone, and false is returned.
  bool SetFeatures(int image_id, const FeatureSet& features);

  // Keypoint `first` of image 1 is keypoint `second` of image 2. The order of
  // the ids does not matter; one call a pair. Throws InputError for ids or
  // keypoints that do not exist, and for a pair that is there already.
  void AddMatches(int image_id1, int image_id2,
                  const std::vector<std::pair<int, int>>& matches);
  // The verified geometry of a pair: the mapper reads only this. As AddMatches;
  // image_id1 is camera 1 of `two_view`.
  void AddTwoView(int image_id1, int image_id2, const ColmapTwoView& two_view);
  // Takes matches and geometry of a pair out, if there are any.
  void RemovePair(int image_id1, int image_id2);

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
