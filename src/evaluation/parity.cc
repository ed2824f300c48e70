// SPDX-License-Identifier: Apache-2.0
#include "evaluation/parity.h"

#include <algorithm>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/features/patch_networks.h"

namespace tiepoint {
namespace {

Model ReadStep(const ExtractorOptions& options, const std::string& name) {
  return ReadModel(FindModel(options.models, name));
}

// The score maps of LiftDetector::ScoreMaps with another network engine.
std::vector<ScoreMap> ReferenceMaps(const std::vector<ScoreMap>& shapes,
                                    const ImagePyramid& pyramid,
                                    const Model& model,
                                    const NetworkRunner& run) {
  std::vector<ScoreMap> maps;
  for (const ScoreMap& shape : shapes) {
    GrayImage image = MakeScaleLevel(pyramid, shape.scale).image;
    NormalizeInput(model, image.pixels.data(),
                   static_cast<int>(image.pixels.size()));
    ScoreMap map = shape;
    map.scores.pixels =
        run(model, {1, image.height, image.width}, 1, image.pixels);
    maps.push_back(std::move(map));
  }
  return maps;
}

double LargestDifference(const std::vector<ScoreMap>& a,
                         const std::vector<ScoreMap>& b) {
  double difference = 0, largest = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    const auto& u = a[k].scores.pixels;
    const auto& v = b[k].scores.pixels;
    if (u.size() != v.size()) throw InputError("score maps differ in size");
    for (size_t i = 0; i < u.size(); ++i) {
      difference = std::max(difference, double(std::abs(u[i] - v[i])));
      largest = std::max(largest, double(std::abs(v[i])));
    }
  }
  return difference / std::max(largest, 1e-12);
}

int CountUnequal(const std::vector<Keypoint>& a,
                 const std::vector<Keypoint>& b) {
  return static_cast<int>(
      std::count_if(a.begin(), a.end(), [&](const Keypoint& p) {
        return std::none_of(b.begin(), b.end(), [&](const Keypoint& q) {
          return std::hypot(p.x - q.x, p.y - q.y) <= 0.01 &&
                 std::abs(p.scale / q.scale - 1) <= 1e-3;
        });
      }));
}

// All patches of the keypoints, normalised, through the reference.
std::vector<float> RunOnPatches(const Model& model, const ImagePyramid& pyramid,
                                const std::vector<Keypoint>& keypoints,
                                bool upright, const NetworkRunner& run) {
  const PatchGeometry geometry = GeometryOf(model);
  const int area = geometry.size * geometry.size;
  std::vector<float> patches(keypoints.size() * area);
  for (size_t i = 0; i < keypoints.size(); ++i) {
    const Keypoint& k = keypoints[i];
    float* patch = patches.data() + i * area;
    SamplePatch(pyramid, k.x, k.y, k.scale, upright ? 0 : k.angle, geometry,
                patch);
    NormalizeInput(model, patch, area);
  }
  return run(model, model.spec.input, static_cast<int>(keypoints.size()),
             patches);
}

}  // namespace

ParityReport CompareImplementations(const GrayImage& image,
                                    const Preset& preset,
                                    const ExtractorOptions& options,
                                    const NetworkRunner& reference) {
  const WeightsNames names = NamesOfWeights(preset);
  if (preset.detector != "lift" || names.orientation.empty() ||
      names.descriptor.empty()) {
    throw InputError(
        "parity compares networks: give a preset such as "
        "lift/lift/deepdesc");
  }
  const ImagePyramid pyramid(image);
  const Model detector_model = ReadStep(options, names.detector);
  const Model orientation_model = ReadStep(options, names.orientation);
  const Model descriptor_model = ReadStep(options, names.descriptor);
  ParityReport report;

  const LiftDetector detector(detector_model, options.lift);
  const std::vector<ScoreMap> maps = detector.ScoreMaps(pyramid);
  const std::vector<ScoreMap> reference_maps =
      ReferenceMaps(maps, pyramid, detector_model, reference);
  report.max_score_difference = LargestDifference(maps, reference_maps);
  std::vector<Keypoint> keypoints = FindMaxima(maps, options.lift.maxima);
  const std::vector<Keypoint> others =
      FindMaxima(reference_maps, options.lift.maxima);
  report.keypoints = static_cast<int>(keypoints.size());
  report.keypoints_reference = static_cast<int>(others.size());
  report.keypoints_unequal =
      CountUnequal(keypoints, others) + CountUnequal(others, keypoints);

  KeepStrongest(keypoints, options.max_keypoints);
  if (keypoints.empty()) return report;
  NetworkOrientation(orientation_model).Estimate(pyramid, keypoints);
  const std::vector<float> directions =
      RunOnPatches(orientation_model, pyramid, keypoints, true, reference);
  for (size_t i = 0; i < keypoints.size(); ++i) {
    const double angle = std::atan2(directions[2 * i + 1], directions[2 * i]);
    report.max_angle_difference =
        std::max(report.max_angle_difference,
                 double(std::abs(WrapAngle(angle - keypoints[i].angle))));
  }

  const DescriptorMatrix descriptors =
      NetworkDescriptor(descriptor_model).Describe(pyramid, keypoints);
  const std::vector<float> expected =
      RunOnPatches(descriptor_model, pyramid, keypoints, false, reference);
  double difference = 0, largest = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference = std::max(difference,
                          double(std::abs(expected[i] - descriptors.data[i])));
    largest = std::max(largest, double(std::abs(expected[i])));
  }
  report.max_descriptor_difference = difference / std::max(largest, 1e-12);
  return report;
}

}  // namespace tiepoint
