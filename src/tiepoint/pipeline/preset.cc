// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/preset.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <variant>

#include "tiepoint/base/checksum.h"
#include "tiepoint/base/error.h"
#include "tiepoint/features/opencv_features.h"
#include "tiepoint/features/oriented_network.h"
#include "tiepoint/features/patch_networks.h"
#include "tiepoint/features/separable_tilde.h"
#include "tiepoint/features/tilde_detector.h"
#include "tiepoint/io/import_orientation.h"
#include "tiepoint/io/import_tilde.h"
#include "tiepoint/io/import_weights.h"

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

// Gives both, angle and descriptor.
constexpr const char* kOriented = "oriented";

// The filters of "tilde" as mixtures of so many products of a column and a row
// for each of six channels (Verdie et al.: "TILDE-P24").
constexpr const char* kTilde24 = "tilde24";
constexpr int kTilde24Products = 4;

// The names of the weights that a step reads; empty: it has none.
std::string DetectorWeights(const std::string& step) {
  if (step == "lift") return "lift_detector";
  if (step == "jet") return "jet_detector";
  return step == "tilde" || step == kTilde24 ? "tilde" : "";
}
std::string OrientationWeights(const std::string& step) {
  if (step == "lift") return "lift_orientation";
  if (step == kOriented) return step;
  return step == "logpolar" ? "orientation_logpolar" : "";
}
std::string DescriptorWeights(const std::string& step) {
  return step == "deepdesc" || step == "logpolar" || step == kOriented ? step
                                                                       : "";
}

// Weights that others published.
constexpr std::string_view kImported = "imported:";

bool IsImported(const std::string& step) {
  return step.size() > kImported.size() && step.starts_with(kImported);
}
std::string PathOf(const std::string& step) {
  return step.substr(kImported.size());
}

// Of orientations and descriptors, with the name of the weights.
bool IsOpenCv(const std::string& step, const std::string& weights) {
  return weights.empty() && !IsImported(step) && step != "none";
}

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

const char* Name(WeightsRole role) {
  switch (role) {
    case WeightsRole::kDetector:
      return "a detector";
    case WeightsRole::kOrientation:
      return "an orientation network";
    case WeightsRole::kDescriptor:
      break;
  }
  return "a descriptor";
}

WeightsRole RoleOfFile(const std::string& path) {
  switch (FormOf(path)) {
    case WeightsForm::kTilde:
      return WeightsRole::kDetector;
    case WeightsForm::kOrientation:
      return WeightsRole::kOrientation;
    case WeightsForm::kTiepoint:
      return IsOrientedFile(path) ? WeightsRole::kDescriptor
                                  : RoleOf(ReadModel(path));
    case WeightsForm::kTorch7:
    case WeightsForm::kLift:
      break;
  }
  return WeightsRole::kDescriptor;
}

void RequireRole(const std::string& path, WeightsRole needed) {
  if (needed != WeightsRole::kDetector && IsOrientedFile(path)) return;
  const WeightsRole role = RoleOfFile(path);
  if (role != needed) {
    throw InputError(path + ": holds " + Name(role) + ", not " + Name(needed));
  }
}

// "imported:FILE" alone.
Preset PresetAround(const std::string& text) {
  if (IsOrientedFile(PathOf(text))) return {text, "sift", text, text};
  switch (RoleOfFile(PathOf(text))) {
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
    if (IsImported(step) && !fs::exists(PathOf(step), error)) {
      return PathOf(step);
    }
  }
  return "";
}

// A text with "imported:FILE" in it.
Preset ParseWithFiles(const std::string& text) {
  std::error_code error;
  if (IsImported(text) && fs::exists(PathOf(text), error)) {
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
  if (missing.empty() && IsImported(text)) missing = PathOf(text);
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

// Where weights may lie, best first.
std::vector<fs::path> ModelFolders(const std::string& models) {
  const char* environment = std::getenv("TIEPOINT_MODELS");
  std::string given = models;
  if (given.empty() && environment != nullptr) given = environment;
  std::vector<fs::path> folders;
  std::istringstream list(given);
  for (std::string folder; std::getline(list, folder, ':');) {
    if (!folder.empty()) folders.emplace_back(folder);
  }
  if (!folders.empty()) return folders;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    folders.push_back(program.parent_path() / "models");
    folders.push_back(program.parent_path().parent_path() / "share" /
                      "tiepoint" / "models");
  }
  folders.emplace_back(TIEPOINT_SOURCE_MODELS);
  return folders;
}

Model LoadModel(const ExtractorOptions& options, const std::string& name) {
  return ReadModel(FindModel(options.models, name));
}

std::unique_ptr<Detector> TildeOf(const TildeFilters& filters) {
  return std::make_unique<TildeDetector>(filters);
}

// Line by line, unless there are so many lines that multiplied out they are
// less work.
std::unique_ptr<Detector> TildeOf(const SeparableTilde& filters) {
  if (filters.channels * filters.rank > TildeDetector::kFewProducts) {
    return TildeOf(DenseTilde(filters));
  }
  return std::make_unique<TildeDetector>(filters);
}

// TILDE's filters look at several channels, LIFT's at gray.
std::unique_ptr<Detector> DetectorOf(const Model& model,
                                     const ExtractorOptions& options) {
  if (model.spec.input.channels > 1) {
    return TildeOf(TildeFiltersOf(model));
  }
  const std::vector<LayerSpec>& layers = model.spec.layers;
  const bool jet =
      !layers.empty() && layers.front().type == LayerSpec::Type::kJet;
  return std::make_unique<LiftDetector>(model,
                                        jet ? options.jet : options.lift);
}

std::unique_ptr<Detector> MakeDetector(const std::string& name,
                                       const ExtractorOptions& options) {
  if (IsImported(name)) {
    const std::string path = PathOf(name);
    RequireRole(path, WeightsRole::kDetector);
    if (FormOf(path) == WeightsForm::kTilde) {
      return std::visit([](const auto& filters) { return TildeOf(filters); },
                        ReadTilde(path));
    }
    return DetectorOf(ImportModel(path), options);
  }
  if (name == kTilde24) {
    return TildeOf(
        SeparateTilde(TildeFiltersOf(LoadModel(options, DetectorWeights(name))),
                      kTilde24Products));
  }
  if (const std::string weights = DetectorWeights(name); !weights.empty()) {
    return DetectorOf(LoadModel(options, weights), options);
  }
  return MakeOpenCvDetector(name);
}

// The file of a network that gives both angle and descriptor; empty when the
// step is something else.
std::string OrientedFile(const std::string& step,
                         const ExtractorOptions& options) {
  if (step == kOriented) return FindModel(options.models, kOriented);
  return IsImported(step) && IsOrientedFile(PathOf(step)) ? PathOf(step) : "";
}

std::unique_ptr<OrientationEstimator> MakeOrientation(
    const std::string& name, const ExtractorOptions& options) {
  if (name == "none") return nullptr;
  if (const std::string file = OrientedFile(name, options); !file.empty()) {
    return std::make_unique<OrientedNetwork>(ReadOrientedModel(file),
                                             options.precision);
  }
  if (IsImported(name)) {
    RequireRole(PathOf(name), WeightsRole::kOrientation);
    return std::make_unique<NetworkOrientation>(ImportModel(PathOf(name)));
  }
  if (const std::string weights = OrientationWeights(name); !weights.empty()) {
    return std::make_unique<NetworkOrientation>(LoadModel(options, weights),
                                                options.precision);
  }
  return MakeOpenCvOrientation(name);
}

std::unique_ptr<Descriptor> MakeDescriptor(const std::string& name,
                                           const ExtractorOptions& options) {
  if (name == "none") return nullptr;
  if (const std::string file = OrientedFile(name, options); !file.empty()) {
    return std::make_unique<OrientedNetwork>(ReadOrientedModel(file),
                                             options.precision);
  }
  if (IsImported(name)) {
    RequireRole(PathOf(name), WeightsRole::kDescriptor);
    return std::make_unique<NetworkDescriptor>(ImportModel(PathOf(name)));
  }
  if (const std::string weights = DescriptorWeights(name); !weights.empty()) {
    return std::make_unique<NetworkDescriptor>(LoadModel(options, weights),
                                               options.precision);
  }
  return MakeOpenCvDescriptor(name);
}

// The path of the weights of a step; empty when it has none.
std::string WeightsOf(const std::string& step, const std::string& name,
                      const ExtractorOptions& options) {
  if (IsImported(step)) return PathOf(step);
  return name.empty() ? "" : FindModel(options.models, name);
}

uint64_t ChecksumOfFile(const std::string& path, uint64_t before) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be opened for reading");
  std::vector<char> bytes(1 << 20);
  while (file) {
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    before = Checksum(
        std::string_view(bytes.data(), static_cast<size_t>(file.gcount())),
        before);
  }
  return before;
}

std::string ChecksumOfWeights(const std::string& path) {
  uint64_t sum = kChecksumOfNothing;
  if (FormOf(path) == WeightsForm::kOrientation) {
    for (const std::string& file : OrientationFiles(path)) {
      sum = ChecksumOfFile(file, sum);
    }
  } else {
    sum = ChecksumOfFile(path, sum);
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, sum);
  return text;
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
  steps.memory = options.memory;
  steps.by_patches =
      !IsOpenCv(preset.orientation, OrientationWeights(preset.orientation)) &&
      !IsOpenCv(preset.descriptor, DescriptorWeights(preset.descriptor));
  steps.detector = MakeDetector(preset.detector, options);
  if (preset.orientation == preset.descriptor) {
    const std::string file = OrientedFile(preset.descriptor, options);
    if (!file.empty()) {
      steps.both = std::make_unique<OrientedNetwork>(ReadOrientedModel(file),
                                                     options.precision);
      return steps;
    }
  }
  steps.orientation = MakeOrientation(preset.orientation, options);
  steps.descriptor = MakeDescriptor(preset.descriptor, options);
  return steps;
}

std::map<std::string, std::string> WeightsChecksums(
    const Preset& preset, const ExtractorOptions& options) {
  std::map<std::string, std::string> checksums;
  const WeightsNames names = NamesOfWeights(preset);
  for (const std::string& path :
       {WeightsOf(preset.detector, names.detector, options),
        WeightsOf(preset.orientation, names.orientation, options),
        WeightsOf(preset.descriptor, names.descriptor, options)}) {
    if (path.empty()) continue;
    const std::string checksum = ChecksumOfWeights(path);
    const fs::path clean = fs::path(path).lexically_normal();
    const std::string name = clean.has_filename()
                                 ? clean.filename().string()
                                 : clean.parent_path().filename().string();
    const auto [place, added] = checksums.try_emplace(name, checksum);
    if (!added && place->second != checksum) checksums[path] = checksum;
  }
  return checksums;
}

}  // namespace tiepoint
