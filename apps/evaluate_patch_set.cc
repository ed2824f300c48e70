// SPDX-License-Identifier: Apache-2.0
#include "evaluate_patch_set.h"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "evaluation/patch_set_from_sfm.h"

using namespace tiepoint;

void AddPatchSet(CLI::App& evaluate, CommandContext& context) {
  struct Arguments {
    CommonOptions common;
    std::string model, images, output;
    SfmPatchOptions options;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = evaluate.add_subcommand(
      "patch-set",
      "Make a set of patches (Brown/UBC form) from a COLMAP model");
  command->add_option("MODEL", arguments->model, "Folder of the sparse model")
      ->type_name("DIR")
      ->required();
  command->add_option("IMAGES", arguments->images, "Folder of its photographs")
      ->type_name("DIR")
      ->required();
  command->add_option("-o,--output", arguments->output, "Folder of the set")
      ->type_name("DIR")
      ->required();
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Example:\n"
      "  tiepoint evaluate patch-set scene/sparse scene/images -o patches\n"
      "  tiepoint evaluate patches --data patches --presets default,rootsift");
  command->callback([arguments, &context] {
    ApplyCommonOptions(arguments->common);
    arguments->options.seed = arguments->common.seed;
    const PatchSetSummary made =
        WritePatchSetFromModel(arguments->model, arguments->images,
                               arguments->output, arguments->options);
    if (!arguments->common.quiet) {
      fmt::print("{} patches of {} points in {}\n", made.patches, made.points,
                 arguments->output);
    }
    context.exit_code = kExitAnswer;
  });
}
