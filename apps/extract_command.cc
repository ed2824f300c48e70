// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "extract_photographs.h"
#include "feature_options.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/image/find_photographs.h"
#include "tiepoint/pipeline/preset.h"
#include "tiepoint/pipeline/stopwatch.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;

struct ExtractArguments {
  CommonOptions common;
  std::vector<std::string> paths;
  std::string output;
  std::string preset = "default";
  ExtractorOptions extractor;
  int max_image_size = 0;
};

void PrintSummary(const ExtractArguments& arguments,
                  const ExtractionSummary& summary, double seconds) {
  const int extracted = summary.extracted;
  if (extracted > 0) {
    fmt::print("{} photographs, {:.0f} keypoints and {:.2f} s each\n",
               extracted, static_cast<double>(summary.keypoints) / extracted,
               seconds / extracted);
  }
  if (!summary.skipped.empty()) {
    fmt::print("{} could not be used\n", summary.skipped.size());
  }
  if (extracted > 0) fmt::print("written  {}\n", arguments.output);
}

int RunExtract(const ExtractArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  const std::vector<PhotographFile> photographs =
      PhotographsIn(arguments.paths);
  const Preset preset = ParsePreset(arguments.preset);
  const fs::path parent = fs::path(arguments.output).parent_path();
  if (!parent.empty()) EnsureWritableFolder(parent);
  Stopwatch stopwatch;
  const ExtractionSummary summary = ExtractPhotographs(
      photographs, {.output = arguments.output,
                    .preset = preset,
                    .extractor = arguments.extractor,
                    .max_image_size = arguments.max_image_size,
                    .quiet = arguments.common.quiet});
  if (!arguments.common.quiet) {
    PrintSummary(arguments, summary, stopwatch.Lap());
  }
  return summary.skipped.empty() ? kExitAnswer : kExitNoAnswer;
}

}  // namespace

void AddExtractCommand(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<ExtractArguments>();
  CLI::App* command = app.add_subcommand(
      "extract", "Features of many photographs into one HDF5 file (as hloc)");
  command
      ->add_option("PATHS", arguments->paths,
                   "Photographs, and folders that are searched for them")
      ->required();
  command
      ->add_option("-o,--output", arguments->output,
                   "Feature file; one that exists is added to")
      ->type_name("FILE.h5")
      ->required();

  AddPresetOption(*command, arguments->preset);
  AddExtractorOptions(*command, arguments->extractor);
  AddMaxImageSizeOption(*command, arguments->max_image_size);
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Photographs are named by their path below the folder given. Those that "
      "the file\nholds already are passed over, so a run that was stopped goes "
      "on where it was.\nOne that cannot be read is reported and skipped; the "
      "exit code is 1 then.\n\n"
      "Examples:\n"
      "  tiepoint extract photos -o features.h5\n"
      "  tiepoint extract A.jpg B.jpg -o ab.h5 --preset rootsift "
      "--max-keypoints 8000\n");
  command->callback(
      [arguments, &context] { context.exit_code = RunExtract(*arguments); });
}
