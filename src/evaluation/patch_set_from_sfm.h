// SPDX-License-Identifier: Apache-2.0
// Makes a patch set (patch_set.h) from photographs and their sparse model, so
// that descriptors can be compared on any scene. As in Brown's sets, patches of
// one point are brought to one scale and one direction through the model
// (pipeline/sfm_places.h), so that the descriptor alone is judged. A patch is
// the square of half width 6 sigma around the point, 64 x 64 pixels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tiepoint/io/colmap_model.h"
#include "tiepoint/pipeline/sfm_places.h"

namespace tiepoint {

struct SfmPatchOptions : SfmPlaceOptions {
  int max_pairs = 100000;  // of the match file
  uint64_t seed = 0;       // draws the pairs

  // Empty when usable, else one sentence.
  std::string Validate() const;
};

struct CutPatches {
  std::vector<SfmPlace> places;  // by point, then image
  std::vector<uint8_t> pixels;   // kPatchPixels a place
};

// `read` is called from one thread and at most twice for each image. The same
// for every number of threads. Throws InputError when a photograph has not the
// size of its camera.
CutPatches CutPatchesFromModel(const ColmapModel& model,
                               const ReadSfmPhotograph& read,
                               const SfmPatchOptions& options);

struct PatchSetSummary {
  int photographs = 0;
  int points = 0;
  int patches = 0;
  int pairs = 0;
};

// Reads COLMAP's model in `model_folder` and the photographs by their names
// below `image_folder`, and writes to `output_folder` a patch set and
// places.csv (a line a patch: point, COLMAP's point, photograph, x, y, sigma,
// angle). Throws InputError for files that are missing or do not fit, and when
// no point has two patches.
PatchSetSummary WritePatchSetFromModel(const std::string& model_folder,
                                       const std::string& image_folder,
                                       const std::string& output_folder,
                                       const SfmPatchOptions& options);

}  // namespace tiepoint
