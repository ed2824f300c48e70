// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "choices.h"
#include "command.h"
#include "feature_options.h"
#include "reconstruction.h"

namespace {

constexpr int kMaxKeypoints = 4096;

int RunReconstruct(const ReconstructArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  return Reconstruct(arguments);
}

void AddMatchingOptions(CLI::App& command, ReconstructArguments& arguments) {
  const char* const group = "Pairs and matches";
  command
      .add_option("--pairs", arguments.pairs,
                  "all, sequential, retrieval, or a file with two names a "
                  "line; auto: all up to 60 photographs, else retrieval")
      ->type_name("HOW|FILE")
      ->check(Suggested({"auto", "all", "sequential", "retrieval"}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--overlap", arguments.overlap,
                  "sequential: each photograph with so many after it")
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--partners", arguments.retrieval.partners,
                  "retrieval: each photograph with so many that look most like "
                  "it")
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--filter", arguments.filter,
                  "What tells right matches from wrong ones: learned (a "
                  "network), ratio, gms or none")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--ratio", arguments.ratio,
                  "Largest ratio of the nearest and the second distance, with "
                  "--filter ratio; 0: that of the preset")
      ->check(CLI::Range(0.0, 1.0).description(""))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--max-error", arguments.verify.max_error,
                  "Largest error of an inlier of a pair, pixels")
      ->type_name("PIXELS")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--min-inliers", arguments.verify.min_inliers,
                  "Pairs with fewer have no geometry")
      ->type_name("N")
      ->check(CLI::Range(8, 1000000).description(""))
      ->capture_default_str()
      ->group(group);
}

}  // namespace

void AddReconstructCommand(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<ReconstructArguments>();
  CLI::App* command = app.add_subcommand(
      "reconstruct", "From a folder of photographs to a sparse model (COLMAP)");
  command
      ->add_option("PHOTOS", arguments->photographs,
                   "Folder that is searched for photographs")
      ->required();
  command
      ->add_option("-o,--output", arguments->folder,
                   "Folder for features.h5, matches.h5, database.db, sparse/ "
                   "and report.html")
      ->type_name("DIR")
      ->required();
  AddPresetOption(*command, arguments->preset);
  arguments->extractor.max_keypoints = kMaxKeypoints;
  AddExtractorOptions(*command, arguments->extractor);
  AddMaxImageSizeOption(*command, arguments->max_image_size);
  AddMatchingOptions(*command, *arguments);
  AddCameraOptions(*command, arguments->cameras, "Cameras");
  command
      ->add_option("--colmap", arguments->colmap,
                   "The program COLMAP; where there is none, all but the model "
                   "is made")
      ->type_name("PROGRAM")
      ->capture_default_str();
  command->add_flag("--no-mapper", arguments->no_mapper,
                    "Stop when the database is written");
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "A run that was stopped, or killed, goes on where it was when the same "
      "command is\ngiven again, and ends with the same result.\n\n"
      "Examples:\n"
      "  tiepoint reconstruct photos -o model\n"
      "  tiepoint reconstruct video_frames -o model --pairs sequential "
      "--camera-mode single\n"
      "  colmap gui --database_path model/database.db --image_path photos "
      "--import_path model/sparse/0\n");
  command->callback([arguments, &context] {
    context.exit_code = RunReconstruct(*arguments);
  });
}
