// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/preset.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "tiepoint/base/error.h"
#include "tiepoint/network/oriented_model.h"
#include "tiepoint/pipeline/preset_step.h"

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
    NamedPreset{"default", "jet", "oriented", "oriented"},
    NamedPreset{"logpolar", "lift", "logpolar", "logpolar"},
    NamedPreset{"lift", "lift", "lift", "deepdesc"},
    NamedPreset{"tilde", "tilde", "sift", "rootsift"},
    NamedPreset{"tilde24", "tilde24", "sift", "rootsift"},
    NamedPreset{"sift", "sift", "none", "sift"},
    NamedPreset{"rootsift", "sift", "none", "rootsift"},
    NamedPreset{"orb", "orb", "none", "orb"},
    NamedPreset{"akaze", "akaze", "none", "akaze"},
    NamedPreset{"fast", "fast", "sift", "rootsift"},
};

const std::vector<std::string> kDetectors = {"lift", "jet", "tilde", "tilde24",
                                             "sift", "orb", "akaze", "fast"};
const std::vector<std::string> kOrientations = {"lift", "oriented", "logpolar",
                                                "sift", "none"};
const std::vector<std::string> kDescriptors = {
    "deepdesc", "oriented", "logpolar", "sift",
    "rootsift", "orb",      "akaze",    "none"};

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

void CheckTies(const Preset& preset) {
  const bool tied = preset.descriptor == "orb" || preset.descriptor == "akaze";
  if (tied && preset.detector != preset.descriptor) {
    throw InputError("preset: the descriptor " + preset.descriptor +
                     " works with the detector " + preset.descriptor +
                     " only, not " + preset.detector);
  }
}

// "imported:FILE" alone.
Preset PresetAround(const std::string& text) {
  if (IsOrientedFile(PathOfImported(text))) return {text, "sift", text, text};
  switch (RoleOfFile(PathOfImported(text))) {
    case WeightsRole::kDetector:
      return {text, text, "sift", "rootsift"};
    case WeightsRole::kOrientation:
      return {text, "sift", text, "rootsift"};
    case WeightsRole::kDescriptor:
      break;
  }
  return {text, "sift", "none", text};
}

// The first file of the steps that does not exist; empty when all do.
std::string MissingFile(const Preset& preset) {
  for (const std::string& step :
       {preset.detector, preset.orientation, preset.descriptor}) {
    std::error_code error;
    if (IsImported(step) && !fs::exists(PathOfImported(step), error)) {
      return PathOfImported(step);
    }
  }
  return "";
}

// A text with "imported:FILE" in it.
Preset ParseWithFiles(const std::string& text) {
  std::error_code error;
  if (IsImported(text) && fs::exists(PathOfImported(text), error)) {
    return PresetAround(text);
  }
  const auto fits = [](const std::string& step,
                       const std::vector<std::string>& choices) {
    return IsImported(step) ||
           std::find(choices.begin(), choices.end(), step) != choices.end();
  };
  std::string missing;
  for (size_t i = text.find('/'); i != std::string::npos;
       i = text.find('/', i + 1)) {
    for (size_t j = text.find('/', i + 1); j != std::string::npos;
         j = text.find('/', j + 1)) {
      const Preset preset{text, text.substr(0, i),
                          text.substr(i + 1, j - i - 1), text.substr(j + 1)};
      if (!fits(preset.detector, kDetectors) ||
          !fits(preset.orientation, kOrientations) ||
          !fits(preset.descriptor, kDescriptors)) {
        continue;
      }
      const std::string file = MissingFile(preset);
      if (file.empty()) {
        CheckTies(preset);
        return preset;
      }
      if (missing.empty()) missing = file;
    }
  }
  if (missing.empty() && IsImported(text)) missing = PathOfImported(text);
  if (!missing.empty()) throw InputError(missing + ": no such file");
  throw InputError("preset: '" + text +
                   "' is not of the form detector/orientation/descriptor with "
                   "detectors " +
                   Join(kDetectors) + "; orientations " + Join(kOrientations) +
                   "; descriptors " + Join(kDescriptors) +
                   "; or imported:FILE for each");
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

}  // namespace

const LiftDetectorOptions& ScaleSpaceOf(const Preset& preset,
                                        const ExtractorOptions& options) {
  return preset.detector == "jet" ? options.jet : options.lift;
}

double UsualRatio(const Preset& preset) {
  const bool ours =
      preset.descriptor == "logpolar" || preset.descriptor == kOriented;
  return ours ? 0.9 : 0.8;
}

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  names.reserve(kPresets.size());
  for (const NamedPreset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

Preset ParsePreset(const std::string& text) {
  for (const NamedPreset& preset : kPresets) {
    if (text == preset.name) {
      return {text, preset.detector, preset.orientation, preset.descriptor};
    }
  }
  if (text.find(kImported) != std::string::npos) return ParseWithFiles(text);
  const std::vector<std::string> parts = Split(text, '/');
  if (parts.size() != 3) {
    throw InputError("preset: '" + text + "' is neither one of " +
                     Join(PresetNames()) +
                     " nor of the form detector/orientation/descriptor");
  }
  CheckChoice("detector", parts[0], kDetectors);
  CheckChoice("orientation", parts[1], kOrientations);
  CheckChoice("descriptor", parts[2], kDescriptors);
  const Preset preset{text, parts[0], parts[1], parts[2]};
  CheckTies(preset);
  return preset;
}

WeightsNames NamesOfWeights(const Preset& preset) {
  return {DetectorWeights(preset.detector),
          OrientationWeights(preset.orientation),
          DescriptorWeights(preset.descriptor)};
}

}  // namespace tiepoint
