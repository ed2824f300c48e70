// SPDX-License-Identifier: Apache-2.0
// What became of a folder of photographs, as one HTML page that needs nothing
// else.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tiepoint/io/colmap_two_view.h"
#include "tiepoint/io/model_statistics.h"

namespace tiepoint {

struct ReconstructedPhotograph {
  std::string name;
  int width = 0, height = 0;
  int keypoints = 0;
  int pairs = 0;  // with a geometry
  bool registered = false;
  int observations = 0;  // of points of the model
  std::string camera;    // what is known of it, in words
};

struct ReconstructedPair {
  int first = 0, second = 0;  // photographs
  int matches = 0, inliers = 0;
  ColmapConfiguration configuration = ColmapConfiguration::kNotTried;
};

struct ReconstructedModel {
  std::string folder;
  ModelStatistics statistics;
};

struct ReconstructionPage {
  std::string title;
  std::string version;
  std::vector<ReconstructedPhotograph> photographs;
  std::vector<ReconstructedPair> pairs;
  // The largest first; `registered` and `observations` of photographs are those
  // of that one.
  std::vector<ReconstructedModel> models;
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> notes;  // sentences
};

// "calibrated", "planar", ...
const char* Name(ColmapConfiguration configuration);

// Of many pairs, those with the most inliers are listed.
std::string ReconstructionHtml(const ReconstructionPage& page);

}  // namespace tiepoint
