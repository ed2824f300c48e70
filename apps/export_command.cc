// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "choices.h"
#include "command.h"
#include "export_colmap.h"
#include "feature_formats.h"
#include "format_options.h"
#include "progress_line.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_text.h"

namespace {

using namespace tiepoint;
namespace fs = std::filesystem;

// The options that only the format colmap has.
const char* const kColmapGroup = "colmap";

struct ExportArguments {
  CommonOptions common;
  std::string format, features, matches, output;
  std::string descriptors = "auto";
  std::string lowe_order = "yx";
  ColmapExportOptions colmap;
};

// All pairs of a match file by the names of the feature file, each once.
std::vector<NamedPair> ReadPairs(const std::string& path,
                                 const std::vector<std::string>& names) {
  const MatchFile file(path);
  const PairNames by_name(names);
  std::set<std::pair<std::string, std::string>> done;
  std::vector<NamedPair> pairs;
  for (const auto& in_file : file.Pairs()) {
    const auto [first, second] = by_name.Find(path, in_file);
    if (!done.insert(std::minmax(first, second)).second) continue;
    pairs.push_back({first, second, file.Find(first, second).value()});
  }
  return pairs;
}

void ExportFiles(const ExportArguments& arguments,
                 const FormatOptions& options) {
  const std::string& format = arguments.format;
  const FeatureFile file(arguments.features);
  const ProgressLine line(arguments.common.quiet);
  EnsureWritableFolder(arguments.output);
  const int total = static_cast<int>(file.Names().size());
  int done = 0;
  for (const std::string& name : file.Names()) {
    CheckInterrupt();
    line.Count(done++, total, name);
    FeatureSet features = file.FindAsStored(name).value();
    PrepareDescriptors(format, options.descriptors, name, features);
    const fs::path path =
        fs::path(arguments.output) / FileOfPhotograph(format, name);
    std::string content;
    try {
      content = FormatContent(format, features, options);
    } catch (const InputError& error) {
      throw InputError(name + ": " + error.what());
    }
    EnsureWritableFolder(path.parent_path());
    WriteFileAtomically(path, content);
  }
  line.Show("");
  std::string list;
  if (!arguments.matches.empty()) {
    std::string text;
    for (const NamedPair& pair : ReadPairs(arguments.matches, file.Names())) {
      text += ColmapMatchText(pair.first, pair.second,
                              IndicesOf(pair.matched.matches));
    }
    // Not among the features: COLMAP asks for names of photographs alone there,
    // but `import` reads every .txt.
    list = arguments.output + "/matches.list";
    WriteFileAtomically(list, text);
  }
  if (arguments.common.quiet) return;
  fmt::print("written   {} files below {}\n", total, arguments.output);
  if (!list.empty()) fmt::print("written   {}\n", list);
}

void ExportHloc(const ExportArguments& arguments,
                const FormatOptions& options) {
  const FeatureFile file(arguments.features);
  EnsureWritableFolder(arguments.output);
  const std::string path = arguments.output + "/features.h5";
  const std::string matches_path = arguments.output + "/matches.h5";
  PartFile part(path);
  std::optional<PartFile> matches_part;
  if (!arguments.matches.empty()) matches_part.emplace(matches_path);
  {
    FeatureFileWriter writer(part.Path(), {{"tiepoint", TIEPOINT_VERSION}});
    for (const std::string& name : file.Names()) {
      CheckInterrupt();
      FeatureSet features = file.FindAsStored(name).value();
      PrepareDescriptors("hloc", options.descriptors, name, features);
      writer.Add(name, features);
    }
  }
  if (matches_part) {
    MatchFileWriter writer(matches_part->Path(),
                           {{"tiepoint", TIEPOINT_VERSION}});
    for (const NamedPair& pair : ReadPairs(arguments.matches, file.Names())) {
      CheckInterrupt();
      const auto features = file.FindAsStored(pair.first).value();
      writer.Add(pair.first, pair.second,
                 static_cast<int>(features.keypoints.size()), pair.matched);
    }
  }
  part.Commit();
  if (matches_part) matches_part->Commit();
  if (arguments.common.quiet) return;
  fmt::print("written   {}\n", path);
  if (matches_part) fmt::print("written   {}\n", matches_path);
}

// Refuses what the format has no place for. `command` has the group colmap.
void CheckOptions(const CLI::App& command, const ExportArguments& arguments) {
  const std::string& format = arguments.format;
  if (format == "colmap") return;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_group() == kColmapGroup && option->count() > 0) {
      throw InputError(option->get_name() +
                       ": only for the format colmap, not " + format);
    }
  }
  if (!arguments.matches.empty() && format != "colmap-text" &&
      format != "hloc") {
    throw InputError("--matches: the format " + format +
                     " has no place for matches");
  }
}

int RunExport(const CLI::App& command, ExportArguments& arguments) {
  CheckOptions(command, arguments);
  ApplyCommonOptions(arguments.common);
  FormatOptions options;
  options.descriptors = ParseDescriptorMode(arguments.descriptors);
  options.lowe_order = ParseLoweOrder(arguments.lowe_order);
  if (arguments.format == "colmap") {
    arguments.colmap.descriptors = options.descriptors;
    arguments.colmap.seed = arguments.common.seed;
    arguments.colmap.quiet = arguments.common.quiet;
    ExportColmap(arguments.features, arguments.matches, arguments.output,
                 arguments.colmap);
  } else if (arguments.format == "hloc") {
    ExportHloc(arguments, options);
  } else {
    ExportFiles(arguments, options);
  }
  return kExitAnswer;
}

}  // namespace

void AddExportCommand(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<ExportArguments>();
  ColmapExportOptions& colmap = arguments->colmap;
  CLI::App* command = app.add_subcommand(
      "export", "Feature and match files in the formats of other programs");
  AddFormatArgument(*command, arguments->format);
  command->add_option("FEATURES", arguments->features, "Feature file (.h5)")
      ->required();
  command
      ->add_option("-o,--output", arguments->output,
                   "The database (one that exists is extended), else a folder")
      ->type_name("TARGET")
      ->required();
  command
      ->add_option("--matches", arguments->matches,
                   "Match file: colmap, colmap-text and hloc")
      ->type_name("MATCHES.h5");
  command
      ->add_option("--descriptors", arguments->descriptors,
                   "In formats with the bytes of SIFT: auto (where bytes keep "
                   "what they say), sift (negative numbers become 0) or none")
      ->check(OneOf({"auto", "sift", "none"}))
      ->type_name("NAME")
      ->capture_default_str();
  AddLoweOrderOption(*command, arguments->lowe_order);

  command
      ->add_option("--images", colmap.images,
                   "Folder of the photographs: focal lengths from EXIF")
      ->type_name("DIR")
      ->group(kColmapGroup);
  AddCameraOptions(*command, colmap.cameras, kColmapGroup);
  command
      ->add_option("--geometry", colmap.geometry,
                   "Geometries for the mapper: auto (those of the match file, "
                   "else estimate), estimate (inliers of ours), trust (all "
                   "matches), none (COLMAP is to verify)")
      ->check(OneOf({"auto", "estimate", "trust", "none"}))
      ->type_name("NAME")
      ->capture_default_str()
      ->group(kColmapGroup);
  command
      ->add_flag("--overwrite", colmap.overwrite,
                 "Replace other features of images that the database holds, "
                 "and remove their matches")
      ->group(kColmapGroup);
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Examples:\n"
      "  tiepoint export colmap features.h5 --matches matches.h5 --images "
      "photos -o database.db\n"
      "  tiepoint export npz features.h5 -o arrays\n"
      "docs/formats.md says what each format holds.");
  command->callback([command, arguments, &context] {
    context.exit_code = RunExport(*command, *arguments);
  });
}
