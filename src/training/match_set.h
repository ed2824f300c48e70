// SPDX-License-Identifier: Apache-2.0
// Matches of photographs whose cameras are known: what a classifier of matches
// learns from. One file a scene and kind of features, little endian:
//   "TPMATCH\n", u32 version, u32 length, JSON of that length
//   for each photograph f32 x, y, scale, angle of its keypoints, one after the
//   other; for each pair the matches of both directions, each u16 i, u16 j,
//   f16 ratio, f16 reverse ratio
//   u64 checksum of all before, "TPMTEND\n"
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tiepoint {

// Keypoints as a camera without distortion and of focal length 1 sees them.
struct MatchedImage {
  std::string name;
  double focal_length = 1;   // pixels of the image that features were found in
  std::vector<float> x, y;   // on the plane Z = 1
  std::vector<float> scale;  // sigma / focal_length
  std::vector<float> angle;  // radians

  int Count() const { return static_cast<int>(x.size()); }
};

// matching/matcher.h, Match.
struct CandidateMatch {
  uint16_t i = 0, j = 0;
  float ratio = 1, reverse_ratio = 1;
};

struct MatchedPair {
  int image1 = 0, image2 = 0;
  std::array<double, 9> rotation{};     // cam2_from_cam1, row-major
  std::array<double, 3> translation{};  // unit length
  // The nearest neighbour of each keypoint of the first image in the second
  // (i: first image), and of each of the second in the first (i: second).
  std::vector<CandidateMatch> forward, backward;
};

struct MatchSet {
  std::string source, licence;  // of the photographs
  std::string features;         // preset that made keypoints and descriptors
  nlohmann::ordered_json settings;
  std::vector<MatchedImage> images;
  std::vector<MatchedPair> pairs;
};

// Throws InputError when the file cannot be written; what is there is replaced
// whole or not at all.
void WriteMatchSet(const std::string& path, const MatchSet& set);
// Throws InputError in one line for a file that is no such set, of another
// version, truncated or damaged.
MatchSet ReadMatchSet(const std::string& path);

// The *.matches files below the folders (or such files themselves), sorted.
std::vector<std::string> FindMatchSets(const std::vector<std::string>& folders);

}  // namespace tiepoint
