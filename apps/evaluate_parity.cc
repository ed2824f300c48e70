// SPDX-License-Identifier: Apache-2.0
#include "evaluate_parity.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "choices.h"
#include "evaluate_arguments.h"
#include "evaluation/parity.h"
#include "feature_options.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/image/read_image.h"
#include "training/torch_runner.h"

using namespace tiepoint;

namespace {

int RunParity(const EvaluateArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  const std::string& path = arguments.folders.front();
  const Image image = ReadImage(
      path, {.max_image_size = arguments.ImageSize(kEvaluationImageSize)});
  bool holds = true;
  Json records = Json::array();
  for (const std::string& name : arguments.presets) {
    const ParityReport r = CompareImplementations(
        image.gray, ParsePreset(name), arguments.extractor, RunTorch);
    fmt::print(
        "{}  {} x {}\n"
        "  keypoints    {} by oneDNN, {} by LibTorch, {} without a partner "
        "within 0.01 px\n"
        "  scores       differ by {:.2g} of the largest\n"
        "  angles       differ by {:.2g} radians\n"
        "  descriptors  differ by {:.2g} of the largest entry (bar 1e-4)\n",
        name, image.gray.width, image.gray.height, r.keypoints,
        r.keypoints_reference, r.keypoints_unequal, r.max_score_difference,
        r.max_angle_difference, r.max_descriptor_difference);
    records.push_back(
        {{"preset", name},
         {"image", path},
         {"keypoints", r.keypoints},
         {"keypoints_libtorch", r.keypoints_reference},
         {"keypoints_unequal", r.keypoints_unequal},
         {"max_score_difference", r.max_score_difference},
         {"max_angle_difference", r.max_angle_difference},
         {"max_descriptor_difference", r.max_descriptor_difference},
         {"version", TIEPOINT_VERSION}});
    holds = holds && r.Holds();
  }
  if (!arguments.files.json.empty()) {
    WriteFileAtomically(arguments.files.json, records.dump(2) + "\n");
  }
  return holds || !arguments.check ? kExitAnswer : kExitNoAnswer;
}

}  // namespace

void AddParity(CLI::App& evaluate, CommandContext& context) {
  const auto arguments = std::make_shared<EvaluateArguments>();
  arguments->presets = {"default"};
  CLI::App* command = evaluate.add_subcommand(
      "parity", "Inference against LibTorch on the same weights");
  command->add_option("IMAGE", arguments->folders, "Photograph")
      ->required()
      ->expected(1);
  command->add_flag("--check", arguments->check,
                    "Exit with 1 unless the keypoint sets are equal and the "
                    "descriptors within 1e-4");
  command->add_option("--presets", arguments->presets, "Presets, by commas")
      ->delimiter(',')
      ->type_name("NAMES")
      ->check(Suggested(PresetNames()))
      ->capture_default_str();
  AddExtractorOptions(*command, arguments->extractor);
  AddMaxImageSizeOption(*command, arguments->max_image_size);
  command->add_option("--json", arguments->files.json,
                      "Write everything here as JSON");
  AddCommonOptions(*command, arguments->common);
  command->footer("Example:\n  tiepoint evaluate parity photo.jpg --check");
  command->callback(
      [arguments, &context] { context.exit_code = RunParity(*arguments); });
}
