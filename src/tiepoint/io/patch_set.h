// SPDX-License-Identifier: Apache-2.0
// Patches around 3D points, in the files of Brown, Hua and Winder
// (Discriminative Learning of Local Image Descriptors, PAMI 2011; the sets
// Liberty, Notre Dame and Yosemite). A set is a folder with
//   patchesNNNN.bmp  1024 x 1024 gray, 16 x 16 patches of 64 x 64, row-major
//   info.txt         a line a patch: number of its 3D point, then anything
//   m50_*.txt        a line a pair: patch, point, anything, patch, point,
//                    anything (6 or 7 columns); half the pairs show one point
// Numbers count from 0.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tiepoint {

inline constexpr int kPatchSide = 64;
inline constexpr int kPatchPixels = kPatchSide * kPatchSide;
inline constexpr int kPatchesAcross = 16;
inline constexpr int kPatchesInMosaic = kPatchesAcross * kPatchesAcross;

struct PatchPair {
  int patch1 = 0;
  int patch2 = 0;
  bool same_point = false;
  bool operator==(const PatchPair&) const = default;
};

// Holds the numbers of a set; its patches stay on disk (450 000 of them are
// 1.8 GB) and are read a mosaic at a time.
class PatchSet {
 public:
  // Throws InputError when info.txt is missing, empty or not such a file.
  explicit PatchSet(std::string folder);

  const std::string& Folder() const { return folder_; }
  // Last part of the folder's path.
  std::string Name() const;
  int NumPatches() const { return static_cast<int>(points_.size()); }
  // The 3D point of each patch.
  const std::vector<int>& Points() const { return points_; }

  int NumMosaics() const;
  // 8-bit pixels of the patches kPatchesInMosaic * index and following, one
  // after the other, kPatchPixels each; the last mosaic may hold fewer patches.
  // Throws InputError when the file is missing, damaged or of another size. One
  // call at a time.
  std::vector<uint8_t> ReadMosaic(int index) const;

  // Names of the m50_*.txt of the folder, sorted.
  std::vector<std::string> MatchFiles() const;
  // Throws InputError naming the line: no such numbers, a patch that does not
  // exist, a point that is not the patch's by info.txt.
  std::vector<PatchPair> ReadPairs(const std::string& match_file) const;

 private:
  std::string folder_;
  std::vector<int> points_;
};

// `folder` itself when it holds an info.txt, else all such folders below it,
// sorted. Throws InputError when there are none.
std::vector<std::string> FindPatchSets(const std::string& folder);

// Pairs without repetition: half are of one point, drawn evenly from all such
// pairs, half of two points, in turns. At most `count`, fewer when there are
// not so many different ones. The same for the same seed.
std::vector<PatchPair> DrawPairs(std::span<const int> points, int count,
                                 uint64_t seed);

// Writes mosaics, m50_N_N_0.txt with the N pairs given (if any) and, last,
// info.txt.
// `pixels`: kPatchPixels a patch. Throws InputError when the folder cannot be
// written, or holds mosaics already (those of a larger set would stay).
void WritePatchSet(const std::string& folder, std::span<const uint8_t> pixels,
                   std::span<const int> points,
                   std::span<const PatchPair> pairs);

}  // namespace tiepoint
