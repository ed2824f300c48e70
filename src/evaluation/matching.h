// SPDX-License-Identifier: Apache-2.0
// How many matches and keypoints of two photographs agree with a known
// homography.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "evaluation/homography_set.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/matching/matcher.h"
#include "tiepoint/pipeline/preset.h"

namespace tiepoint {

// Largest errors in pixels of the stored files at which matches are counted.
inline constexpr std::array<double, 3> kMatchErrors = {1, 3, 5};

// OpenCV 4.6 doubles the picture without moving the corner: every keypoint of
// its SIFT lies this far right of and below its true place.
inline constexpr float kOpenCvSiftShift = 0.25f;

struct MatchingScore {
  std::array<int, 2> size1{}, size2{};  // width, height; not in means
  double keypoints1 = 0, keypoints2 = 0;
  double matches = 0;
  std::array<double, 3> correct{};  // transfer error in image 2 <= kMatchErrors
  std::array<double, 3> accuracy{};  // correct / matches; 0 without matches
  // Of the keypoints that the other photograph also sees, the share that has a
  // keypoint of the other within 3 pixels; both ways together.
  double repeatability = 0;
};

MatchingScore ScoreMatching(const FeatureSet& first, const FeatureSet& second,
                            const std::vector<Match>& matches,
                            const Matrix3& homography);

// Each number's mean (0 for none).
MatchingScore Mean(const std::vector<MatchingScore>& scores);

struct MatchingOptions {
  std::vector<std::string> presets = {"default", "rootsift"};
  ExtractorOptions extractor;
  int max_image_size = 0;  // longer side of the working image; 0: as stored
};

// The scores of one preset. SIFT detectors give a second row with the shift of
// OpenCV's keypoints undone.
struct MatchingRow {
  std::string label;
  Preset preset;
  bool shift_undone = false;
  std::vector<MatchingScore> scores;  // one a pair
};

// `progress` is told what is worked on.
std::vector<MatchingRow> EvaluateMatching(
    const std::vector<HomographyPair>& pairs, const MatchingOptions& options,
    const std::function<void(const std::string&)>& progress);

}  // namespace tiepoint
