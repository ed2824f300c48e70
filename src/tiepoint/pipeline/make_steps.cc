// SPDX-License-Identifier: Apache-2.0
// The steps of a preset, made from their weights.
#include <filesystem>
#include <variant>

#include "tiepoint/base/error.h"
#include "tiepoint/features/opencv_features.h"
#include "tiepoint/features/oriented_network.h"
#include "tiepoint/features/patch_networks.h"
#include "tiepoint/features/separable_tilde.h"
#include "tiepoint/features/tilde_detector.h"
#include "tiepoint/io/import_tilde.h"
#include "tiepoint/io/import_weights.h"
#include "tiepoint/pipeline/preset.h"
#include "tiepoint/pipeline/preset_step.h"

namespace tiepoint {
namespace {

// Products of a column and a row for each of the six channels of "tilde24"
// (Verdie et al.: "TILDE-P24").
constexpr int kTilde24Products = 4;

// Of orientations and descriptors, with the name of the weights.
bool IsOpenCv(const std::string& step, const std::string& weights) {
  return weights.empty() && !IsImported(step) && step != "none";
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
    const std::string path = PathOfImported(name);
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
  return IsImported(step) && IsOrientedFile(PathOfImported(step))
             ? PathOfImported(step)
             : "";
}

std::unique_ptr<OrientationEstimator> MakeOrientation(
    const std::string& name, const ExtractorOptions& options) {
  if (name == "none") return nullptr;
  if (const std::string file = OrientedFile(name, options); !file.empty()) {
    return std::make_unique<OrientedNetwork>(ReadOrientedModel(file),
                                             options.precision);
  }
  if (IsImported(name)) {
    RequireRole(PathOfImported(name), WeightsRole::kOrientation);
    return std::make_unique<NetworkOrientation>(
        ImportModel(PathOfImported(name)));
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
    RequireRole(PathOfImported(name), WeightsRole::kDescriptor);
    return std::make_unique<NetworkDescriptor>(
        ImportModel(PathOfImported(name)));
  }
  if (const std::string weights = DescriptorWeights(name); !weights.empty()) {
    return std::make_unique<NetworkDescriptor>(LoadModel(options, weights),
                                               options.precision);
  }
  return MakeOpenCvDescriptor(name);
}

}  // namespace

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

}  // namespace tiepoint
