// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/preset.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "tiepoint/base/error.h"
#include "tiepoint/features/opencv_features.h"
#include "tiepoint/features/patch_networks.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

struct NamedPreset {
  const char* name;
  const char* detector;
  const char* orientation;
  const char* descriptor;
};

constexpr std::array kPresets = {
    NamedPreset{"default", "lift", "lift", "logpolar"},
    NamedPreset{"lift", "lift", "lift", "deepdesc"},
    NamedPreset{"sift", "sift", "none", "sift"},
    NamedPreset{"rootsift", "sift", "none", "rootsift"},
    NamedPreset{"orb", "orb", "none", "orb"},
    NamedPreset{"akaze", "akaze", "none", "akaze"},
};

const std::vector<std::string> kDetectors = {"lift", "sift", "orb", "akaze"};
const std::vector<std::string> kOrientations = {"lift", "sift", "none"};
const std::vector<std::string> kDescriptors = {"deepdesc", "logpolar", "sift",
                                               "rootsift", "orb",      "akaze"};

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

void CheckChoice(const std::string& step, const std::string& choice,
                 const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), choice) == choices.end()) {
    throw InputError("preset: unknown " + step + " '" + choice +
                     "'; choices: " + Join(choices));
  }
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// Where weights may lie, best first.
std::vector<fs::path> ModelFolders(const std::string& models) {
  if (!models.empty()) return {models};
  const char* environment = std::getenv("TIEPOINT_MODELS");
  if (environment != nullptr && *environment != '\0') return {environment};
  std::vector<fs::path> folders;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    folders.push_back(program.parent_path() / "models");
    folders.push_back(program.parent_path().parent_path() / "share" /
                      "tiepoint" / "models");
  }
  folders.push_back(TIEPOINT_SOURCE_MODELS);
  return folders;
}

Model LoadModel(const ExtractorOptions& options, const std::string& name) {
  return ReadModel(FindModel(options.models, name));
}

std::unique_ptr<Detector> MakeDetector(const std::string& name,
                                       const ExtractorOptions& options) {
  if (name == "lift") {
    return std::make_unique<LiftDetector>(LoadModel(options, "lift_detector"),
                                          options.lift);
  }
  return MakeOpenCvDetector(name);
}

std::unique_ptr<OrientationEstimator> MakeOrientation(
    const std::string& name, const ExtractorOptions& options) {
  if (name == "none") return nullptr;
  if (name == "lift") {
    return std::make_unique<NetworkOrientation>(
        LoadModel(options, "lift_orientation"));
  }
  return MakeOpenCvOrientation(name);
}

std::unique_ptr<Descriptor> MakeDescriptor(const std::string& name,
                                           const ExtractorOptions& options) {
  if (name == "deepdesc" || name == "logpolar") {
    return std::make_unique<NetworkDescriptor>(LoadModel(options, name));
  }
  return MakeOpenCvDescriptor(name);
}

}  // namespace

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const NamedPreset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

Preset ParsePreset(const std::string& text) {
  for (const NamedPreset& preset : kPresets) {
    if (text == preset.name) {
      return {text, preset.detector, preset.orientation, preset.descriptor};
    }
  }
  const std::vector<std::string> parts = Split(text, '/');
  if (parts.size() != 3) {
    throw InputError("preset: '" + text + "' is neither one of " +
                     Join(PresetNames()) +
                     " nor of the form detector/orientation/descriptor");
  }
  CheckChoice("detector", parts[0], kDetectors);
  CheckChoice("orientation", parts[1], kOrientations);
  CheckChoice("descriptor", parts[2], kDescriptors);
  const bool tied = parts[2] == "orb" || parts[2] == "akaze";
  if (tied && parts[0] != parts[2]) {
    throw InputError("preset: the descriptor " + parts[2] +
                     " works with the detector " + parts[2] + " only, not " +
                     parts[0]);
  }
  return {text, parts[0], parts[1], parts[2]};
}

std::string FindModel(const std::string& models, const std::string& name) {
  std::string searched;
  for (const fs::path& folder : ModelFolders(models)) {
    const fs::path path = folder / (name + ".safetensors");
    std::error_code error;
    if (fs::exists(path, error)) return path.string();
    searched += (searched.empty() ? "" : ", ") + folder.string();
  }
  throw InputError("weights " + name + ".safetensors not found in " + searched +
                   " (choose the folder with --models or TIEPOINT_MODELS)");
}

Steps MakeSteps(const Preset& preset, const ExtractorOptions& options) {
  if (options.max_keypoints < 0) {
    throw InputError("the largest number of keypoints must not be negative");
  }
  const std::string complaint = options.lift.Validate();
  if (!complaint.empty()) throw InputError(complaint);
  Steps steps;
  steps.preset = preset;
  steps.detector = MakeDetector(preset.detector, options);
  steps.orientation = MakeOrientation(preset.orientation, options);
  steps.descriptor = MakeDescriptor(preset.descriptor, options);
  return steps;
}

}  // namespace tiepoint
