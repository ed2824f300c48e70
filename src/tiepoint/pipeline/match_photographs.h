// SPDX-License-Identifier: Apache-2.0
// The main story: two photographs in, matches and relative pose out.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/geometry/two_view.h"
#include "tiepoint/image/image.h"
#include "tiepoint/matching/matcher.h"
#include "tiepoint/pipeline/match_filter.h"
#include "tiepoint/pipeline/preset.h"

namespace tiepoint {

struct MatchPhotographsOptions {
  std::string preset = "default";
  ExtractorOptions extractor;
  int max_image_size = 0;  // longer side; 0: as stored
  MatchFilter filter = MatchFilter::kLearned;
  double max_ratio = 0;  // of MatchFilter::kRatio; 0: UsualRatio of the preset
  // Cameras given by the user; else from EXIF (principal point in the middle).
  std::optional<PinholeCamera> camera1;
  std::optional<PinholeCamera> camera2;
  // Empty: essential when both cameras are known, else fundamental.
  std::optional<TwoViewModel> model;
  TwoViewOptions geometry;
  // Keep the colours of the photographs (for DrawMatches).
  bool keep_colour = false;
  // Called with what is about to be done, e.g. "features of A.jpg".
  std::function<void(const std::string&)> progress;
};

struct MatchReport {
  Image image1, image2;
  std::optional<PinholeCamera> camera1, camera2;
  FeatureSet features1, features2;
  std::vector<Match> matches;
  std::vector<float> weights;  // one a match; see FilteredMatches
  int NumKept() const;         // matches of a weight above 0
  TwoViewGeometry geometry;
  Preset preset;
  // Wall time of each step, both photographs together: "load" (weights),
  // "read", "detect", "orient", "describe", "match" (with the filter),
  // "geometry", "total".
  std::map<std::string, double> seconds;
};

// Throws InputError for input that cannot be used; no matches or no pose are
// results (report.geometry.success, .reason).
MatchReport MatchPhotographs(const std::string& path1, const std::string& path2,
                             const MatchPhotographsOptions& options);

// Whether the question was answered: a geometry was found and, with the
// essential model, the direction of motion too.
bool HasAnswer(const MatchReport& report);

// The matches as pixels of the stored files.
std::vector<PointPair> MatchedPoints(const MatchReport& report);

}  // namespace tiepoint
