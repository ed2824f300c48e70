// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "command.h"
#include "feature_options.h"
#include "progress_line.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/pipeline/extract_many.h"
#include "tiepoint/pipeline/preset.h"
#include "tiepoint/pipeline/preset_json.h"
#include "tiepoint/pipeline/stopwatch.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;
using Json = nlohmann::ordered_json;

struct ExtractArguments {
  CommonOptions common;
  std::vector<std::string> paths;
  std::string output;
  std::string preset = "default";
  ExtractorOptions extractor;
  int max_image_size = 0;
};

struct Photograph {
  std::string path;
  std::string name;  // in the feature file
};

bool IsPhotograph(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  for (const char* known :
       {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".ppm", ".pgm", ".webp"}) {
    if (ending == known) return true;
  }
  return false;
}

// Sorted by name.
std::vector<Photograph> PhotographsBelow(const std::string& folder) {
  std::vector<Photograph> found;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end;
       !error && it != end; it.increment(error)) {
    if (!IsPhotograph(it->path()) || it->is_directory()) continue;
    found.push_back({it->path().string(),
                     it->path().lexically_relative(folder).generic_string()});
  }
  if (error) {
    throw InputError(folder + ": cannot be searched (" + error.message() + ")");
  }
  if (found.empty()) {
    throw InputError(folder +
                     ": holds no photographs (jpg jpeg png tif tiff ppm pgm "
                     "webp)");
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

// In the order of the paths; what is given twice is taken once.
std::vector<Photograph> FindPhotographs(const std::vector<std::string>& paths) {
  std::vector<Photograph> photographs;
  std::map<std::string, std::string> path_of_name;
  for (const std::string& path : paths) {
    if (!fs::exists(path)) throw InputError(path + ": no such file or folder");
    const std::vector<Photograph> found =
        fs::is_directory(path)
            ? PhotographsBelow(path)
            : std::vector<Photograph>{{path, fs::path(path).filename()}};
    for (const Photograph& photograph : found) {
      const auto [place, added] =
          path_of_name.emplace(photograph.name, photograph.path);
      if (added) {
        photographs.push_back(photograph);
      } else if (!fs::equivalent(place->second, photograph.path)) {
        throw InputError(place->second + " and " + photograph.path +
                         ": both would be named " + photograph.name +
                         "; give the folder above them instead");
      }
    }
  }
  return photographs;
}

// Everything but the steps that the features depend on.
Json Options(const ExtractArguments& arguments, const Preset& preset) {
  Json options = FeatureSettings(preset, arguments.extractor);
  options["max_image_size"] = arguments.max_image_size;
  return options;
}

std::map<std::string, std::string> Attributes(const ExtractArguments& arguments,
                                              const Preset& preset) {
  return {{"tiepoint", TIEPOINT_VERSION},
          {"preset", preset.name},
          {"steps", preset.detector + "/" + preset.orientation + "/" +
                        preset.descriptor},
          {"options", Options(arguments, preset).dump()}};
}

// Says which options differ where the file exists and has the same preset.
// Everything else is for FeatureFileWriter to refuse.
void CheckOptions(const std::string& path,
                  const std::map<std::string, std::string>& attributes) {
  if (!fs::exists(path)) return;
  auto theirs_all = FeatureFile(path).Attributes();
  const std::string their_options =
      std::exchange(theirs_all["options"], attributes.at("options"));
  if (theirs_all != attributes) return;
  const Json other = Json::parse(their_options, nullptr, false);
  if (!other.is_object()) return;
  const Json theirs = other.flatten();
  const Json ours = Json::parse(attributes.at("options")).flatten();
  std::string differences;
  for (const auto& [key, value] : ours.items()) {
    const std::string their_value =
        theirs.contains(key) ? theirs[key].dump() : "none";
    if (their_value == value.dump()) continue;
    differences += (differences.empty() ? "" : ", ") + key.substr(1) + " " +
                   their_value + ", not " + value.dump();
  }
  if (differences.empty()) return;
  throw InputError(path + ": was made with other options (" + differences +
                   "); choose another file");
}

void PrintSummary(const ExtractArguments& arguments, int extracted,
                  size_t keypoints, double seconds, int skipped) {
  if (extracted > 0) {
    fmt::print("{} photographs, {:.0f} keypoints and {:.2f} s each\n",
               extracted, static_cast<double>(keypoints) / extracted,
               seconds / extracted);
  }
  if (skipped > 0) fmt::print("{} could not be used\n", skipped);
  if (extracted > 0) fmt::print("written  {}\n", arguments.output);
}

int RunExtract(const ExtractArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  const bool quiet = arguments.common.quiet;
  std::vector<Photograph> photographs = FindPhotographs(arguments.paths);
  const Preset preset = ParsePreset(arguments.preset);
  const Steps steps = MakeSteps(preset, arguments.extractor);
  const auto attributes = Attributes(arguments, preset);
  const fs::path parent = fs::path(arguments.output).parent_path();
  if (!parent.empty()) EnsureWritableFolder(parent);
  CheckOptions(arguments.output, attributes);
  FeatureFileWriter writer(arguments.output, attributes);

  const size_t all = photographs.size();
  std::erase_if(photographs, [&](const Photograph& photograph) {
    return writer.Has(photograph.name);
  });
  const int total = static_cast<int>(photographs.size());
  if (!quiet && photographs.size() < all) {
    fmt::print("{} of {} photographs are in {} already\n",
               all - photographs.size(), all, arguments.output);
    std::fflush(stdout);
  }

  const ProgressLine line(quiet);
  std::mutex terminal;  // what is printed comes from two threads
  Stopwatch stopwatch;
  size_t keypoints = 0;
  int skipped = 0;
  const auto begin = [&](int i) {
    const std::lock_guard lock(terminal);
    line.Count(i, total, photographs[i].name);
  };
  const auto done = [&](const ExtractedPhotograph& photograph) {
    const int i = photograph.index;
    const std::string& name = photographs[i].name;
    if (photograph.features) writer.Add(name, *photograph.features);
    const std::lock_guard lock(terminal);
    if (!photograph.features) {
      ++skipped;
      line.Show("");
      std::fflush(stdout);
      fmt::print(stderr, "tiepoint: {} (skipped)\n", photograph.error);
      return;
    }
    keypoints += photograph.features->keypoints.size();
    if (quiet || line.Shown()) return;
    fmt::print("[{}/{}] {}: {} keypoints\n", i + 1, total, name,
               photograph.features->keypoints.size());
    std::fflush(stdout);  // a log that is looked at while it grows
  };
  std::vector<std::string> paths;
  paths.reserve(photographs.size());
  for (const Photograph& photograph : photographs) {
    paths.push_back(photograph.path);
  }
  ExtractMany(paths, steps,
              {.max_image_size = arguments.max_image_size,
               .max_keypoints = arguments.extractor.max_keypoints,
               .overlap = NumThreads() > 1},
              begin, done);
  line.Show("");
  if (!quiet) {
    PrintSummary(arguments, total - skipped, keypoints, stopwatch.Lap(),
                 skipped);
  }
  return skipped == 0 ? kExitAnswer : kExitNoAnswer;
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
