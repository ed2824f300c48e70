// SPDX-License-Identifier: Apache-2.0
// Matches of many pairs of photographs and their verified geometry in one HDF5
// file: the layout of match_file.h, which reads such files, too, with more in
// it. A group a pair, "NAME1/NAME2" with the slashes of the names as '-':
//   matches0          N1 int32: for each keypoint of the first photograph the
//                     one of the second, -1: none
//   matching_scores0  N1 float32: the filter's weight, 0: none
// and, in files of ours, which other readers pass over:
//   inliers0          N1 int8: 1 where the match agrees with the geometry
//   two_view          1 integer: COLMAP's configuration (colmap_two_view.h)
//   fundamental, essential, homography  3 x 3 float64, where they are known,
//                     for pixels with the centre of the first one at (0, 0)
//   rotation, translation  3 x 3 and 3 float64: cam2_from_cam1, where known
// Attributes of the root are text and say how the file was made.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/io/colmap_two_view.h"

namespace tiepoint {

struct VerifiedPair {
  int keypoints1 = 0;  // of the first photograph
  // That the filter keeps, ordered by the first keypoint; a weight for each.
  std::vector<std::pair<int, int>> matches;
  std::vector<float> weights;
  ColmapTwoView geometry;  // its inliers are among the matches, same order

  bool operator==(const VerifiedPair&) const = default;
};

// Adds pairs to a file, which is made when it does not exist, and reads those
// that are there. Each is added whole or not at all, whenever the program ends
// (as FeatureFileWriter; not thread-safe).
class VerifiedMatchFile {
 public:
  // Throws InputError when the file exists with other `attributes` (the message
  // names one that differs), is open in another program, or cannot be written.
  VerifiedMatchFile(const std::string& path,
                    const std::map<std::string, std::string>& attributes);
  ~VerifiedMatchFile();

  bool Has(const std::string& name1, const std::string& name2) const;
  // Throws InputError when the pair is there already, `matches` are not ordered
  // or out of range, or the disk is full.
  void Add(const std::string& name1, const std::string& name2,
           const VerifiedPair& pair);
  // Throws InputError when the pair is not there or its numbers are damaged.
  VerifiedPair Read(const std::string& name1, const std::string& name2) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The name of a pair's group. Two pairs may share one ("a/b" and "a-b").
std::string PairGroupName(const std::string& name1, const std::string& name2);

}  // namespace tiepoint
