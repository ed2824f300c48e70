// SPDX-License-Identifier: Apache-2.0
// Image pairs with a known relative pose.
#pragma once

#include <string>
#include <vector>

#include "evaluation/camera_set.h"

namespace tiepoint {

struct PosePair {
  std::string set;       // name of the folder above the sequence's
  std::string sequence;  // name of the sequence's folder, or of a pair list
  std::string name;      // "0003-0005", without endings
  // Intrinsics and distortion of both; of pair lists the first camera is the
  // world. `image` is the path of the photograph.
  GroundTruthCamera camera1, camera2;
  RelativePose cam2_from_cam1;
  double angle = 0;       // degrees, as the pair was chosen by
  int shared_points = 0;  // of COLMAP models, else 0
  bool sideways = false;  // a pair list says that a photograph is turned
};

struct PosePairOptions {
  // Degrees. Of gt_cameras.txt between the viewing directions, of COLMAP models
  // the median angle at which the two cameras see their shared points.
  double min_angle = 10;
  double max_angle = 60;
  // Of a sequence; 0: all. Pair lists are not cut by angle.
  int max_pairs = 25;
  int min_shared_points = 50;  // of COLMAP models
  // Folder of the photographs that pair lists name; empty: the list's own.
  std::string list_images = {};

  std::string Validate() const;
};

// All pairs in `path`, the sequences in order of their folders:
//   folder with gt_cameras.txt     (camera_set.h)
//   folder with sparse/ and images/: a COLMAP model in sparse/ or sparse/0/
//   file *pairs*.txt whose lines are those of SuperGlue's lists:
//     image1 image2 turns1 turns2 K1(9) K2(9) T(16), 38 fields, T:
//     cam2_from_cam1
// in the folder itself and those below it; `path` may also be such a list.
// Candidates are taken in order of the images (by name), first < second; of
// more than max_pairs, those at (k + 1/2) / max_pairs of the list are kept.
// Pairs without a baseline are left out. K and T of a list belong to the
// photographs as stored; `turns` (quarter turns that set them upright) changes
// nothing here but `sideways`.
// Throws InputError for folders without pairs, files that are damaged, and
// photographs that do not exist.
std::vector<PosePair> FindPosePairs(const std::string& path,
                                    const PosePairOptions& options);

}  // namespace tiepoint
