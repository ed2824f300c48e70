// SPDX-License-Identifier: Apache-2.0
#include "feature_options.h"

#include <iomanip>
#include <sstream>
#include <string>
#include <type_traits>

#include "choices.h"
#include "tiepoint/base/error.h"
#ifdef TIEPOINT_WITH_TRAINING
#include "training/torch_backend.h"
#endif

namespace {

constexpr const char* kGroup = "Features";

void SetDevice(const std::string& name) {
  if (name == "cpu") return;
#ifdef TIEPOINT_WITH_TRAINING
  tiepoint::SetNetworkBackend(tiepoint::TorchBackendFactory(name));
#else
  throw tiepoint::InputError("--device " + name +
                             " needs a program with LibTorch: scripts/build "
                             "dev makes build/dev/tiepoint");
#endif
}

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
              "lift jet tilde tilde24 sift orb akaze fast / lift oriented "
              "logpolar sift none /\n"
              "deepdesc oriented logpolar sift rootsift orb akaze none,\n"
              "each of them or the whole also imported:FILE (weights "
              "published by others: TILDE, DeepDesc, LIFT)")
      ->type_name("NAME")
      ->check(Suggested(tiepoint::PresetNames()))
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
  command
      .add_option_function<std::string>(
          "--precision",
          [&extractor](const std::string& name) {
            extractor.precision =
                tiepoint::InferenceNetwork::ParsePrecision(name);
          },
          "Of our networks on keypoints: int8, bf16, f32, or the fastest that "
          "processor and weights have")
      ->default_str("fastest")
      ->check(OneOf({"fastest", "int8", "bf16", "f32"}))
      ->group(kGroup);
  command
      .add_option_function<std::string>(
          "--device", SetDevice,
          "Where networks run: cpu, or cuda (cuda:1, ...) in a program with "
          "LibTorch that has a GPU")
      ->type_name("NAME")
      ->check(Suggested({"cpu", "cuda"}))
      ->default_str("cpu")
      ->group(kGroup);
  command
      .add_option("--models", extractor.models,
                  "Folder of the weights; several with ':' between them")
      ->type_name("DIR")
      ->group(kGroup);
  command
      .add_option_function<std::string>(
          "--memory",
          [&extractor](const std::string& text) {
            extractor.memory = tiepoint::ParseMemory(text);
          },
          "The program takes at most this much; detectors lift and jet work "
          "on large photographs in strips for that. Features do not depend on "
          "it")
      ->type_name("SIZE")
      ->default_str(tiepoint::MemoryText(extractor.memory))
      ->group(kGroup);
}

void AddFilterOptions(CLI::App& command, std::string& filter,
                      double& max_ratio) {
  command
      .add_option("--filter", filter,
                  "What tells right matches from wrong ones: learned (a "
                  "network), ratio, gms or none")
      ->check(OneOf({"learned", "ratio", "gms", "none"}))
      ->type_name("NAME")
      ->capture_default_str();
  command
      .add_option("--ratio", max_ratio,
                  "Largest ratio of the nearest and the second distance, with "
                  "--filter ratio; 0: that of the preset")
      ->check(CLI::Range(0.0, 1.0).description(""))
      ->capture_default_str();
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

void AddDetectorOptions(CLI::App& command,
                        tiepoint::ExtractorOptions& options) {
  using Options = tiepoint::LiftDetectorOptions;
  // Of lift and jet, whose own values differ.
  const auto add = [&](const std::string& name, const std::string& help,
                       const auto& place) {
    using Value = std::remove_reference_t<decltype(place(options.lift))>;
    const auto text = [&](Options& of) {
      std::ostringstream out;
      out << std::setprecision(3) << place(of);
      return out.str();
    };
    const std::string lift = text(options.lift), jet = text(options.jet);
    return command
        .add_option_function<Value>(
            name,
            [&options, place](const Value& value) {
              place(options.lift) = place(options.jet) = value;
            },
            help)
        ->default_str(lift == jet ? lift : "lift: " + lift + ", jet: " + jet)
        ->group(kGroup);
  };
  add("--first-scale", "Detectors lift and jet: finest scale, pixels",
      [](Options& o) -> double& { return o.scales.first_scale; })
      ->type_name("PIXELS");
  add("--levels-per-octave", "lift, jet: steps of scale in one octave",
      [](Options& o) -> int& { return o.scales.levels_per_octave; })
      ->type_name("N");
  add("--nms-radius",
      "lift, jet: a keypoint is the highest score of a window of this half "
      "width in pixels of its level (the paper: 3)",
      [](Options& o) -> int& { return o.maxima.radius; })
      ->check(CLI::Range(1, 16));
  add("--nms-levels",
      "lift, jet: and of that window on this many levels above and below (the "
      "paper: 2)",
      [](Options& o) -> int& { return o.maxima.neighbour_levels; })
      ->check(CLI::Range(0, 8));
  add("--border", "lift, jet: distance from the border, in scales",
      [](Options& o) -> double& { return o.border; })
      ->type_name("SCALES");
}
