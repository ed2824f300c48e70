// SPDX-License-Identifier: Apache-2.0
// Protocol "sfm": what COLMAP reconstructs from our matches. After
// Schoenberger, Hardmeier, Sattler, Pollefeys: Comparative Evaluation of
// Hand-Crafted and Learned Local Features (CVPR 2017):
//   1. features of every photograph; keypoints in pixels of the stored file
//   2. every pair: mutual nearest neighbours with a ratio of at most 0.8, or
//      another filter; pairs with fewer than 15 matches are dropped
//   3. a database of COLMAP, geometric verification (`matches_importer`)
//   4. COLMAP's mapper; the model with the most images counts
//   5. with a COLMAP that has CUDA: the number of dense points
// An item is a scene. There is no answer (no pair left, a step of COLMAP that
// fails, no model) when `registered` is 0; the notes say why.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/filtered_matcher.h"
#include "evaluation/protocol.h"
#include "evaluation/sfm_scenes.h"

namespace tiepoint {

// Where the cameras' numbers come from.
enum class SfmIntrinsics {
  kAuto,   // kKnown for scenes with truth, else kPrior
  kKnown,  // the truth's, one camera for equal numbers, not refined
  // SIMPLE_RADIAL, one camera a photograph: focal length from EXIF, else 1.2
  // times the longer side (COLMAP's default), refined.
  kPrior,
};

struct SfmOptions {
  // Longer side of the working images; 0: as stored.
  int max_image_size = 0;
  FilteredMatcherOptions matching{MatchFilter::kRatio, 0, {}};
  int min_matches = 15;
  // 0: all pairs; else each photograph with this many nearest ones in the
  // order of the names.
  int neighbours = 0;
  int max_photographs = 0;       // scenes with more are left out; 0: none
  bool only_with_truth = false;  // scenes without cameras are left out
  SfmIntrinsics intrinsics = SfmIntrinsics::kAuto;
  std::string colmap = "colmap";  // program
  int threads = 1;                // of COLMAP; one is reproducible
  bool dense = true;              // where COLMAP has CUDA
  // Keeps databases, models and what COLMAP printed in
  // `work_folder`/SET/SCENE/LABEL; results of earlier runs there are replaced.
  // Empty: a temporary folder, removed after each scene.
  std::string work_folder;
  // Told which step is worked on, and in one line what went wrong in it.
  std::function<void(const std::string&)> report;

  std::string Validate() const;  // empty, or what is wrong
};

// Pairs (i, j), i < j, ordered, of `count` photographs: see
// SfmOptions::neighbours.
std::vector<std::pair<int, int>> SfmPairs(int count, int neighbours);

// Throws InputError for unusable options, folders (FindSfmScenes) and when the
// program is not there (Colmap).
std::unique_ptr<Protocol> MakeSfmProtocol(
    const std::vector<std::string>& folders, const SfmOptions& options);

}  // namespace tiepoint
