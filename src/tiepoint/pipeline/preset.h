// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tiepoint/features/interfaces.h"
#include "tiepoint/features/lift_detector.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/pipeline/find_model.h"
#include "tiepoint/pipeline/memory.h"

namespace tiepoint {

// One choice for each step.
struct Preset {
  std::string name;  // as the user wrote it
  std::string detector;
  std::string orientation;
  std::string descriptor;
};

// "default", "logpolar", "lift", "tilde", "tilde24", "sift", "rootsift", "orb",
// "akaze", "fast", or "detector/orientation/descriptor" of:
//   detector     lift jet tilde tilde24 sift orb akaze fast (tilde24: tilde's
//                filters as 24 products of a column and a row; other keypoints,
//                in less time)
//   orientation  lift oriented logpolar sift none (none: the detector's own
//                angle)
//   descriptor   deepdesc oriented logpolar sift rootsift orb akaze none (none:
//                for what looks at keypoints alone)
// Each step may also be "imported:FILE", weights that somebody else published
// (io/import_weights.h), and "imported:FILE" alone is a preset around them:
// TILDE's filters FILE/sift/rootsift, an orientation network (a folder)
// sift/FILE/rootsift, a descriptor sift/none/FILE. A FILE may hold slashes: of
// all ways to cut the text, the first whose files exist is meant.
// Throws InputError that lists the choices, or names the file that is missing.
Preset ParsePreset(const std::string& text);
std::vector<std::string> PresetNames();

// A match is worth keeping where the ratio of its nearest and its second
// distance (Lowe, IJCV 2004, section 7.1) is at most this: Lowe's 0.8, and more
// for descriptors of ours whose distances lie closer together. Chosen on scenes
// that nothing was trained on (docs/experiments.md, section 7).
double UsualRatio(const Preset& preset);

struct ExtractorOptions {
  int max_keypoints = 2048;
  // Folder of the weights; empty: $TIEPOINT_MODELS, else beside the program,
  // else the source tree that the program was built from.
  std::string models;
  // Of the networks that look at keypoints. Weights that others published run
  // in kFloat whatever is said here: as their authors' program does.
  InferenceNetwork::Precision precision = InferenceNetwork::Precision::kFastest;
  LiftDetectorOptions lift;
  LiftDetectorOptions jet = JetDetectorOptions();  // of the detector "jet"
  // Bytes that the work may take where it can be cut in strips (detectors lift
  // and jet). Features do not depend on it.
  int64_t memory = kUsualMemory;
};

// What the detector of the preset looks at, where it is "lift" or "jet".
const LiftDetectorOptions& ScaleSpaceOf(const Preset& preset,
                                        const ExtractorOptions& options);

// The names of the weights that the steps of a preset read; empty where a step
// has none, or a file of its own.
struct WeightsNames {
  std::string detector, orientation, descriptor;
};
WeightsNames NamesOfWeights(const Preset& preset);

// The three steps of a preset, ready to run on any number of photographs.
struct Steps {
  Preset preset;
  std::unique_ptr<Detector> detector;
  std::unique_ptr<OrientationEstimator> orientation;  // null: keep the angle
  std::unique_ptr<Descriptor> descriptor;             // null: none
  // In place of these two, where one network does what both would.
  std::unique_ptr<OrientingDescriptor> both;

  int64_t memory = kUsualMemory;
  // Are angles and descriptors made from patches of the pyramid alone?
  bool by_patches = true;

  bool Describe() const { return descriptor || both; }

  // Can photographs of this size, and larger ones, be worked on in strips?
  bool InStrips(int width, int height) const {
    return by_patches && detector->LeastMemory(width, height).has_value();
  }

  // Should photographs be read with ReadOptions::keep_colour?
  bool NeedsColour() const { return detector->NeedsColour(); }
};
Steps MakeSteps(const Preset& preset, const ExtractorOptions& options);

// The files of weights that the steps of a preset read, by file name (by path
// where two of the same name differ): the FNV-1a checksum (base/checksum.h) of
// each in 16 hexadecimal digits; of a folder, of all its weights. Empty when
// there are none. Throws InputError when one is missing.
std::map<std::string, std::string> WeightsChecksums(
    const Preset& preset, const ExtractorOptions& options);

}  // namespace tiepoint
