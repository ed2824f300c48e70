// SPDX-License-Identifier: Apache-2.0
// Which photographs were taken with one camera, and what is known of it.
#pragma once

#include <string>
#include <vector>

#include "tiepoint/io/colmap_model.h"

namespace tiepoint {

enum class CameraMode {
  // One camera for the photographs of a folder that have one size and the same
  // focal length in EXIF, or none: shared cameras hold a model together, and
  // few folders hold photographs of several cameras but of one size.
  kAuto,
  kSingle,     // one for all
  kPerFolder,  // one a folder
  kPerImage,   // one a photograph
};
// "auto", "single", "per-folder", "per-image"; throws InputError that lists
// them.
CameraMode ParseCameraMode(const std::string& name);

struct CameraOptions {
  CameraMode mode = CameraMode::kAuto;
  std::string model = "SIMPLE_RADIAL";
  // See ParseColmapCamera; empty: focal length from EXIF, else 1.2 times the
  // longer side.
  std::string params;
};

// A photograph that is to get a camera.
struct SizedPhotograph {
  std::string path, name;
  int width = 0, height = 0;
};

struct AssignedCameras {
  struct Camera {
    ColmapCamera camera;
    bool focal_known = false;  // from EXIF or given
  };
  std::vector<Camera> cameras;
  std::vector<int> of;  // one a photograph: index into `cameras`
};

// Cameras are in the order of the photographs. With kSingle and kPerFolder (and
// given parameters) photographs of another size than the first of their camera
// are refused: InputError names one and what to do. With given parameters and
// kAuto there is one camera for each folder and size.
AssignedCameras AssignCameras(const std::vector<SizedPhotograph>& photographs,
                              const CameraOptions& options);

}  // namespace tiepoint
