// SPDX-License-Identifier: Apache-2.0
// Matches of many pairs of photographs, and their geometry where it is known,
// in one HDF5 file, in the layout of hloc, so that files go both ways. A pair
// is the group "A/B", A and B the names of the photographs with '-' for every
// '/':
//   matches0          N int32: the keypoint of B that keypoint i of A is, or -1
//   matching_scores0  N float32: 0 .. 1, larger is better (0 where -1)
// and, which other readers pass over, where a geometry was estimated:
//   inliers0          N int8: 1 where the match agrees with it
//   two_view          1 integer: COLMAP's configuration (colmap_two_view.h)
//   fundamental, essential, homography  3 x 3 float64, where they are known,
//                     for pixels with the centre of the first one at (0, 0)
//   rotation, translation  3 x 3 and 3 float64: cam2_from_cam1, where known
//   cameras           2 x 5 float64: fx, fy, cx, cy (as the matrices' pixels)
//                     and 1 of the cameras of A and B that it was estimated
//                     with; 0 where a focal length was not known
// N is the number of keypoints of A. Keypoints are counted in the order of the
// feature file (FeatureFile::FindAsStored). Attributes of the root are text and
// say how the file was made.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/io/colmap_two_view.h"

namespace tiepoint {

struct PairMatch {
  int i = 0;  // keypoint of the first photograph
  int j = 0;  // of the second
  float score = 0;
  bool operator==(const PairMatch&) const = default;
};

// Without the scores.
std::vector<std::pair<int, int>> IndicesOf(
    const std::vector<PairMatch>& matches);

// Focal lengths and principal points (fx, fy, cx, cy, pixels) that a geometry
// was estimated with; empty where the focal length was not known.
struct PairCameras {
  std::optional<std::array<double, 4>> first{}, second{};
  bool operator==(const PairCameras&) const = default;
};

struct MatchedPair {
  std::vector<PairMatch> matches;
  // Its inliers are among the matches.
  std::optional<ColmapTwoView> geometry{};
  // Of the geometry.
  std::optional<PairCameras> cameras{};
  bool operator==(const MatchedPair&) const = default;
};

// "db/1.jpg" is "db-1.jpg" in such a file.
std::string MatchFileName(const std::string& photograph);

// Reads; not thread-safe. Numbers of any type are read.
class MatchFile {
 public:
  // Throws InputError when the file is missing, is not HDF5, or is truncated. A
  // file that a program left half written is repaired.
  explicit MatchFile(const std::string& path);
  ~MatchFile();

  // The groups that hold matches, as they are named in the file, sorted.
  const std::vector<std::pair<std::string, std::string>>& Pairs() const;
  // Matches of two photographs, ordered by i; the file may hold them the other
  // way round. Empty optional when it does not hold the pair. Throws InputError
  // for datasets of the wrong shape and for numbers that are no indices.
  std::optional<MatchedPair> Find(const std::string& first,
                                  const std::string& second) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Adds pairs to a file, which is made when it does not exist; as
// FeatureFileWriter does: each pair whole or not at all.
class MatchFileWriter {
 public:
  // Throws InputError when the file exists with other `attributes`, is being
  // written by another program, or cannot be written.
  MatchFileWriter(const std::string& path,
                  const std::map<std::string, std::string>& attributes);
  ~MatchFileWriter();

  // One way round or the other.
  bool Has(const std::string& first, const std::string& second) const;
  // `keypoints`: of the first photograph; no i more than once. Throws
  // InputError for a pair that is there already and when the disk is full.
  void Add(const std::string& first, const std::string& second, int keypoints,
           const MatchedPair& pair);
  // As MatchFile::Find.
  std::optional<MatchedPair> Find(const std::string& first,
                                  const std::string& second) const;
  // Find(first, second)->cameras without the rest; empty when the pair is not
  // there.
  std::optional<PairCameras> FindCameras(const std::string& first,
                                         const std::string& second) const;
  // Takes a pair out, so that it can be added anew. Throws InputError when it
  // is not there.
  void Remove(const std::string& first, const std::string& second);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tiepoint
