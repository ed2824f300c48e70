// SPDX-License-Identifier: Apache-2.0
// The patches of HPatches (Balntas, Lenc, Vedaldi, Mikolajczyk, CVPR 2017):
// a folder a sequence (i_*: light, v_*: viewpoint) with ref.png and, as far as
// they are there, e1..e5.png, h1..h5.png, t1..t5.png (easy, hard, tough: how
// far detections were moved). Each file is a column of gray patches of 65 x 65
// pixels; patch i of all files shows the same point.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tiepoint {

inline constexpr int kHPatchesSide = 65;
inline constexpr int kHPatchesPixels = kHPatchesSide * kHPatchesSide;

// The folders with a ref.png below `folder` (or itself), sorted; empty when
// there are none.
std::vector<std::string> FindHPatchesSequences(const std::string& folder);

struct HPatchesFile {
  std::string name;             // "ref.png"
  std::vector<uint8_t> pixels;  // kHPatchesPixels a patch, as many in each file
};

// ref.png first. Throws InputError when a file is damaged, not 65 pixels wide,
// or holds another number of patches than ref.png.
std::vector<HPatchesFile> ReadHPatchesSequence(const std::string& folder);

}  // namespace tiepoint
