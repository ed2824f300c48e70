// SPDX-License-Identifier: Apache-2.0
#include "camera_arguments.h"

#include "choices.h"
#include "tiepoint/pipeline/prior_camera.h"

using namespace tiepoint;

CameraOptions CameraArguments::Checked() const {
  CameraOptions checked = options;
  checked.mode = ParseCameraMode(mode);
  if (checked.params.empty()) {
    MakeColmapCamera(checked.model, 1, 2, 2);
  } else {
    ParseColmapCamera(checked.model, checked.params, 2, 2);
  }
  return checked;
}

void AddCameraOptions(CLI::App& command, CameraArguments& arguments,
                      const std::string& group) {
  command
      .add_option("--camera-model", arguments.options.model,
                  "SIMPLE_PINHOLE, PINHOLE, SIMPLE_RADIAL, RADIAL or OPENCV")
      ->check(OneOf(
          {"SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV"}))
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--camera-params", arguments.options.params,
                  "Parameters of all cameras as COLMAP orders them (f,cx,cy,k "
                  "for SIMPLE_RADIAL); else the focal length from EXIF, or 1.2 "
                  "times the longer side. The mapper refines them")
      ->type_name("N,N,...")
      ->group(group);
  command
      .add_option("--camera-mode", arguments.mode,
                  "Which photographs share a camera: auto (those of a folder "
                  "with one size and one EXIF focal length, or none), single, "
                  "per-folder, per-image")
      ->check(OneOf({"auto", "single", "per-folder", "per-image"}))
      ->type_name("MODE")
      ->capture_default_str()
      ->group(group);
}
