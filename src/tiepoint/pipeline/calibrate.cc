// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/calibrate.h"

#include <algorithm>

#include "tiepoint/base/error.h"
#include "tiepoint/features/patch_networks.h"
#include "tiepoint/image/patch.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/network/int8_calibration.h"
#include "tiepoint/network/oriented_model.h"

namespace tiepoint {
namespace {

constexpr int kKeypoints = 64;  // of a photograph
constexpr int kLongSide = 1024;

// Normalised patches at keypoints, upright.
std::vector<std::vector<float>> PatchesOf(
    const std::vector<std::string>& photographs, const Model& model,
    ExtractorOptions options) {
  const PatchGeometry geometry = GeometryOf(model);
  const int size = model.spec.input.Size();
  Preset preset = ParsePreset("default");
  preset.orientation = preset.descriptor = "none";
  const Steps steps = MakeSteps(preset, options);
  std::vector<std::vector<float>> patches;
  for (const std::string& path : photographs) {
    const ImagePyramid pyramid(
        ReadImage(path, {.max_image_size = kLongSide}).gray);
    for (const Keypoint& k : steps.detector->Detect(pyramid, kKeypoints)) {
      std::vector<float>& patch = patches.emplace_back(size);
      SamplePatch(pyramid, k.x, k.y, k.scale, 0, geometry, patch.data());
      NormalizeInput(model, patch.data(), size);
    }
  }
  if (patches.empty()) throw InputError("the photographs have no keypoints");
  return patches;
}

bool FitsIntoHalf(const Model& model) {
  return std::all_of(
      model.weights.begin(), model.weights.end(), [](const auto& named) {
        const std::vector<float>& values = named.second.data;
        return std::all_of(values.begin(), values.end(), [](float v) {
          return FloatFromHalf(HalfFromFloat(v)) == v;
        });
      });
}

}  // namespace

std::map<std::string, std::string> CalibrateWeights(
    const std::string& source, const std::vector<std::string>& photographs,
    const ExtractorOptions& options, const std::string& target,
    bool only_when_asked) {
  const auto finish = [&](auto& notes) {
    if (only_when_asked) notes[kInt8WhenAskedNote] = "1";
  };
  if (!IsOrientedFile(source)) {
    Model model = ReadModel(source);
    auto notes =
        MeasureInt8Ranges(model, PatchesOf(photographs, model, options));
    finish(notes);
    for (const auto& [name, text] : notes) model.notes[name] = text;
    WriteModel(target, model, FitsIntoHalf(model));
    return notes;
  }
  OrientedModel model = ReadOrientedModel(source);
  const auto patches = PatchesOf(photographs, model.trunk, options);
  auto notes = MeasureInt8Ranges(model.trunk, patches);
  const InferenceNetwork trunk(model.trunk,
                               InferenceNetwork::Precision::kFloat);
  std::vector<std::vector<float>> maps;
  for (const auto& patch : patches) {
    maps.emplace_back(OutputShape(model.trunk.spec).Size());
    trunk.Run(patch.data(), 1, maps.back().data());
  }
  for (const Model* head : {&model.orientation, &model.descriptor}) {
    notes.merge(MeasureInt8Ranges(*head, maps));
  }
  finish(notes);
  for (const auto& [name, text] : notes) model.trunk.notes[name] = text;
  WriteOrientedModel(target, model,
                     FitsIntoHalf(model.trunk) &&
                         FitsIntoHalf(model.orientation) &&
                         FitsIntoHalf(model.descriptor));
  return notes;
}

}  // namespace tiepoint
