// SPDX-License-Identifier: Apache-2.0
// Features and matches out of COLMAP's databases, of whatever version made
// them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// Pixels are Tiepoint's: 0.5 is taken from keypoints. Not thread-safe.
class ColmapDatabaseReader {
 public:
  // Throws InputError when the file is missing or is not such a database.
  explicit ColmapDatabaseReader(const std::string& path);
  ~ColmapDatabaseReader();

  // Names of the images, in the order of their ids.
  const std::vector<std::string>& Names() const;
  // Of one of them, in the database's order (there are no scores). Scale and
  // angle of an affine matrix A: the mean length of its columns, and the
  // direction of the first; 1 and 0 where there are positions only. Size: the
  // camera's. Descriptors: bytes as sift_bytes.h has them, or the float32 of
  // COLMAP 4's learned ones. Throws InputError for rows that are damaged and
  // numbers that are not finite.
  FeatureSet Features(const std::string& name) const;

  struct Pair {
    std::string first, second;
    std::vector<std::pair<int, int>> matches;
  };
  // All pairs with matches; `verified`: the inliers of their geometry instead.
  std::vector<Pair> Matches(bool verified) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tiepoint
