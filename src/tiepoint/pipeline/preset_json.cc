// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/preset_json.h"

namespace tiepoint {

nlohmann::ordered_json FeatureSettings(const Preset& preset,
                                       const ExtractorOptions& options) {
  nlohmann::ordered_json settings = {{"max_keypoints", options.max_keypoints},
                                     {"usual_ratio", UsualRatio(preset)}};
  if (preset.detector == "lift" || preset.detector == "jet") {
    const LiftDetectorOptions& lift = ScaleSpaceOf(preset, options);
    settings[preset.detector] = {
        {"first_scale", lift.scales.first_scale},
        {"last_scale", lift.scales.last_scale},
        {"levels_per_octave", lift.scales.levels_per_octave},
        {"nms_radius", lift.maxima.radius},
        {"nms_levels", lift.maxima.neighbour_levels},
        {"finest_levels", lift.maxima.finest_levels},
        {"score_blur", lift.score_blur},
        {"score_scale_power", lift.score_scale_power},
        {"border", lift.border}};
  }
  if (options.precision != InferenceNetwork::Precision::kFastest) {
    settings["precision"] = InferenceNetwork::NameOf(options.precision);
  }
  for (const auto& [file, checksum] : WeightsChecksums(preset, options)) {
    settings["weights"][file] = checksum;
  }
  return settings;
}

}  // namespace tiepoint
