// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "command.h"
#include "feature_formats.h"
#include "format_options.h"
#include "progress_line.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_database_reader.h"

namespace {

using namespace tiepoint;
namespace fs = std::filesystem;

struct ImportArguments {
  CommonOptions common;
  std::string format, source, output, matches, images;
  std::string lowe_order = "yx";
  bool verified = false;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw InputError(path + ": cannot be read");
  return content;
}

// Path of the file by the name of its photograph.
std::map<std::string, std::string> FindFiles(const std::string& format,
                                             const std::string& source) {
  std::map<std::string, std::string> files;
  if (!fs::exists(source))
    throw InputError(source + ": no such file or folder");
  if (!fs::is_directory(source)) {
    const std::string file = fs::path(source).filename();
    const std::string name = PhotographOfFile(format, file);
    return {{name.empty() ? file : name, source}};
  }
  std::error_code error;
  for (fs::recursive_directory_iterator it(source, error), end;
       !error && it != end; it.increment(error)) {
    if (it->is_directory()) continue;
    const std::string file =
        it->path().lexically_relative(source).generic_string();
    const std::string name = PhotographOfFile(format, file);
    if (name.empty()) continue;
    const auto [place, added] = files.emplace(name, it->path().string());
    if (!added) {
      throw InputError(place->second + " and " + it->path().string() +
                       ": both of the photograph " + name);
    }
  }
  if (error) {
    throw InputError(source + ": cannot be searched (" + error.message() + ")");
  }
  if (files.empty()) {
    throw InputError(source + ": holds no files of the format " + format +
                     " (" + FileOfPhotograph(format, "NAME") + ")");
  }
  return files;
}

class Importer {
 public:
  explicit Importer(const ImportArguments& arguments)
      : arguments_(arguments),
        part_(arguments.output),
        line_(arguments.common.quiet),
        writer_(std::in_place, part_.Path(),
                std::map<std::string, std::string>{
                    {"tiepoint", TIEPOINT_VERSION},
                    {"imported", arguments.format}}) {
    if (!arguments.matches.empty()) matches_part_.emplace(arguments.matches);
  }

  void ImportFiles() {
    FormatOptions options;
    options.lowe_order = ParseLoweOrder(arguments_.lowe_order);
    const auto files = FindFiles(arguments_.format, arguments_.source);
    for (const auto& [name, path] : files) {
      Add(name, ParseFormat(arguments_.format, ReadFile(path), path, options),
          files.size());
    }
  }

  void ImportHloc() {
    const FeatureFile file(arguments_.source);
    for (const std::string& name : file.Names()) {
      Add(name, file.FindAsStored(name).value(), file.Names().size());
    }
  }

  void ImportColmap() {
    const ColmapDatabaseReader reader(arguments_.source);
    std::map<std::string, int> counts;
    for (const std::string& name : reader.Names()) {
      FeatureSet features = reader.Features(name);
      counts[name] = static_cast<int>(features.keypoints.size());
      Add(name, std::move(features), reader.Names().size());
    }
    if (!matches_part_) return;
    MatchFileWriter writer(
        matches_part_->Path(),
        {{"tiepoint", TIEPOINT_VERSION}, {"imported", arguments_.format}});
    for (const auto& pair : reader.Matches(arguments_.verified)) {
      CheckInterrupt();
      // A keypoint has one partner in such files: the first.
      std::map<int, int> partners;
      for (const auto& [i, j] : pair.matches) partners.emplace(i, j);
      std::vector<PairMatch> matches;
      matches.reserve(partners.size());
      for (const auto& [i, j] : partners) matches.push_back({i, j, 1});
      writer.Add(pair.first, pair.second, counts.at(pair.first),
                 {std::move(matches)});
      ++pairs_;
    }
  }

  void Commit() {
    line_.Show("");
    writer_.reset();
    part_.Commit();
    if (matches_part_) matches_part_->Commit();
    if (arguments_.common.quiet) return;
    fmt::print("{} photographs, {} keypoints", photographs_, keypoints_);
    if (matches_part_) fmt::print(", {} pairs", pairs_);
    fmt::print("\nwritten  {}\n", arguments_.output);
    if (matches_part_) fmt::print("written  {}\n", arguments_.matches);
  }

 private:
  void Add(const std::string& name, FeatureSet features, size_t total) {
    CheckInterrupt();
    line_.Count(photographs_, static_cast<int>(total), name);
    if (!arguments_.images.empty()) {
      std::tie(features.image_width, features.image_height) =
          PhotographSize((fs::path(arguments_.images) / name).string());
    }
    writer_->Add(name, features);
    ++photographs_;
    keypoints_ += std::ssize(features.keypoints);
  }

  const ImportArguments& arguments_;
  PartFile part_;
  std::optional<PartFile> matches_part_;
  ProgressLine line_;
  std::optional<FeatureFileWriter> writer_;
  int photographs_ = 0, pairs_ = 0;
  int64_t keypoints_ = 0;
};

int RunImport(const ImportArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  if (!arguments.matches.empty() && arguments.format != "colmap") {
    throw InputError("--matches: only databases of COLMAP hold some");
  }
  Importer importer(arguments);
  if (arguments.format == "colmap") {
    importer.ImportColmap();
  } else if (arguments.format == "hloc") {
    importer.ImportHloc();
  } else {
    importer.ImportFiles();
  }
  importer.Commit();
  return kExitAnswer;
}

}  // namespace

void AddImportCommand(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<ImportArguments>();
  CLI::App* command = app.add_subcommand(
      "import", "Features of other programs into a feature file");
  AddFormatArgument(*command, arguments->format);
  command
      ->add_option("SOURCE", arguments->source,
                   "A file, or a folder of files named as the photographs with "
                   "the format's ending behind")
      ->required();
  command
      ->add_option("-o,--output", arguments->output,
                   "Feature file; must not exist")
      ->type_name("FEATURES.h5")
      ->required();
  command
      ->add_option("--matches", arguments->matches,
                   "Write the matches of a database here")
      ->type_name("MATCHES.h5");
  command->add_flag("--verified", arguments->verified,
                    "With --matches: the inliers of the pairs' geometry");
  command
      ->add_option("--images", arguments->images,
                   "Folder of the photographs: their sizes, which text files "
                   "do not hold")
      ->type_name("DIR");
  AddLoweOrderOption(*command, arguments->lowe_order);
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Examples:\n"
      "  tiepoint import colmap database.db -o features.h5 --matches "
      "matches.h5\n"
      "  tiepoint import lowe keys --images photos -o features.h5\n"
      "docs/formats.md says what each format holds.");
  command->callback(
      [arguments, &context] { context.exit_code = RunImport(*arguments); });
}
