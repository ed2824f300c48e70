// SPDX-License-Identifier: Apache-2.0
#include "feature_options.h"

namespace {

constexpr const char* kGroup = "Features";

}  // namespace

void AddPresetOption(CLI::App& command, std::string& preset) {
  std::string presets;
  for (const std::string& name : tiepoint::PresetNames())
    presets += name + ", ";
  command
      .add_option(
          "--preset", preset,
          presets +
              "or detector/orientation/descriptor of\n"
              "lift tilde sift orb akaze fast / lift logpolar sift none / "
              "deepdesc logpolar sift rootsift orb akaze,\n"
              "each of them or the whole also imported:FILE (weights "
              "published by others: TILDE, DeepDesc, LIFT)")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(kGroup);
}

void AddExtractorOptions(CLI::App& command,
                         tiepoint::ExtractorOptions& extractor) {
  command
      .add_option("--max-keypoints", extractor.max_keypoints,
                  "The strongest are kept, at most this many a photograph; "
                  "0: all")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str()
      ->group(kGroup);
  command.add_option("--models", extractor.models, "Folder of the weights")
      ->type_name("DIR")
      ->group(kGroup);
}

void AddMaxImageSizeOption(CLI::App& command, int& max_image_size) {
  command
      .add_option("--max-image-size", max_image_size,
                  "Work on photographs reduced to this longer side (0: as "
                  "stored); coordinates stay those of the file")
      ->type_name("PIXELS")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str()
      ->group(kGroup);
}

void AddLiftOptions(CLI::App& command, tiepoint::LiftDetectorOptions& lift) {
  command
      .add_option("--first-scale", lift.scales.first_scale,
                  "LIFT: finest scale, pixels")
      ->type_name("PIXELS")
      ->capture_default_str()
      ->group(kGroup);
  command
      .add_option("--levels-per-octave", lift.scales.levels_per_octave,
                  "LIFT: steps of scale in one octave")
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
  command
      .add_option("--nms-radius", lift.maxima.radius,
                  "LIFT: a keypoint is the highest score of a window of this "
                  "half width in pixels of its level (the paper: 3)")
      ->check(CLI::Range(1, 16))
      ->capture_default_str()
      ->group(kGroup);
  command
      .add_option("--nms-levels", lift.maxima.neighbour_levels,
                  "LIFT: and of that window on this many levels above and "
                  "below (the paper: 2)")
      ->check(CLI::Range(0, 8))
      ->capture_default_str()
      ->group(kGroup);
  command
      .add_option("--border", lift.border,
                  "LIFT: distance from the border, in scales")
      ->type_name("SCALES")
      ->capture_default_str()
      ->group(kGroup);
}
