// SPDX-License-Identifier: Apache-2.0
// Photographs that are reconstructed together, and what is known about their
// cameras.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluation/model_metrics.h"
#include "tiepoint/io/colmap_model.h"

namespace tiepoint {

struct SfmPhotograph {
  std::string name;  // path below the scene's image folder
  std::string path;
  // Empty where the truth does not tell. `camera` has no size (0) where the
  // file of the truth gives none.
  std::optional<ColmapCamera> camera;
  std::optional<CameraPose> pose;
};

enum class SfmTruth { kNone, kCameras, kColmapModel };
const char* Name(SfmTruth truth);  // "none", "gt_cameras.txt", "COLMAP model"

struct SfmScene {
  std::string set;   // name of the folder that holds the scene's
  std::string name;  // of the scene's folder
  std::string folder;
  std::string image_folder;  // names of photographs are below it
  SfmTruth truth = SfmTruth::kNone;
  std::vector<SfmPhotograph> photographs;  // by name
  // Of names and content of all photographs, and of the truth: changes when
  // anything does (FNV-1a, 64 bits, hexadecimal).
  std::string checksum;
};

// The scenes in `folder`: itself, or any folder below it. A scene is a folder
// with one of
//   gt_cameras.txt     (camera_set.h); the photographs are those that it lists
//   images/, sparse/   a COLMAP model in sparse/ or sparse/0/; all photographs
//                      in images/ and below count, registered there or not
//   images/            photographs without truth
// or, when there is none of them, `folder` itself is one without truth. Ordered
// by folder. A photograph is a file whose name ends in jpg, jpeg, png, tif,
// tiff, ppm, pgm or webp.
// Throws InputError when there is no scene, fewer than two photographs in one,
// a listed photograph is missing, a name contains white space (COLMAP's lists
// of pairs cannot hold it), or a file cannot be read.
std::vector<SfmScene> FindSfmScenes(const std::string& folder);

}  // namespace tiepoint
