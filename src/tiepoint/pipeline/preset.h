// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tiepoint/features/interfaces.h"
#include "tiepoint/features/lift_detector.h"

namespace tiepoint {

// One choice for each step.
struct Preset {
  std::string name;  // as the user wrote it
  std::string detector;
  std::string orientation;
  std::string descriptor;
};

// "default", "lift", "sift", "rootsift", "orb", "akaze", or
// "detector/orientation/descriptor" of:
//   detector     lift sift orb akaze
//   orientation  lift sift none (none: the detector's own angle)
//   descriptor   deepdesc logpolar sift rootsift orb akaze
// Throws InputError that lists the choices.
Preset ParsePreset(const std::string& text);
std::vector<std::string> PresetNames();

struct ExtractorOptions {
  int max_keypoints = 2048;
  // Folder of the weights; empty: $TIEPOINT_MODELS, else beside the program,
  // else the source tree that the program was built from.
  std::string models;
  LiftDetectorOptions lift;
};

// Finds the file of a weights name ("lift_detector", ...). Throws InputError
// naming the folders that were searched.
std::string FindModel(const std::string& models, const std::string& name);

// The three steps of a preset, ready to run on any number of photographs.
struct Steps {
  Preset preset;
  std::unique_ptr<Detector> detector;
  std::unique_ptr<OrientationEstimator> orientation;  // null: keep the angle
  std::unique_ptr<Descriptor> descriptor;
};
Steps MakeSteps(const Preset& preset, const ExtractorOptions& options);

}  // namespace tiepoint
