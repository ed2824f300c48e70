// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// Two photographs of a plane (or from one place) and the true x2 ~ H x1, in
// pixels of the stored files.
struct HomographyPair {
  std::string sequence;  // name of its folder
  int index = 2;         // the second photograph's number; the first is 1
  std::string path1, path2;
  Matrix3 homography{};
};

// The pairs 1-K of one folder, ordered by K; none when it holds no matrices.
// Two forms are read: Oxford (img1.EXT, imgK.EXT, H1toKp) and HPatches (1.EXT,
// K.EXT, H_1_K); EXT is png, ppm, pgm, jpg or jpeg. Throws InputError when a
// photograph is missing or a file does not hold the nine numbers of an
// invertible matrix.
std::vector<HomographyPair> ReadHomographySequence(const std::string& folder);

}  // namespace tiepoint
