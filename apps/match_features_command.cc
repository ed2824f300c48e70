// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "command.h"
#include "feature_options.h"
#include "progress_line.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/io/match_file.h"
#include "tiepoint/pipeline/choose_pairs.h"
#include "tiepoint/pipeline/match_filter.h"
#include "tiepoint/pipeline/match_pairs.h"
#include "tiepoint/pipeline/preset.h"

namespace {

using namespace tiepoint;
namespace fs = std::filesystem;

struct MatchFeaturesArguments {
  CommonOptions common;
  std::string features, output, models;
  std::string pairs = "all";
  std::string filter = "learned";
  double max_ratio = 0;
};

// Two names a line, as hloc's, in the order of the list; lines that are empty
// or begin with # are passed over. `names` are those of the file `features`.
std::vector<PhotographPair> ReadList(const std::string& path,
                                     const std::vector<std::string>& names,
                                     const std::string& features) {
  std::ifstream file(path);
  if (!file || fs::is_directory(path)) {
    throw InputError(path +
                     ": cannot be read (--pairs: 'all', or a file with "
                     "two names a line)");
  }
  const auto index = [&](const std::string& name) {
    const auto found = std::lower_bound(names.begin(), names.end(), name);
    if (found == names.end() || *found != name) {
      throw InputError(features + ": holds no photograph '" + name + "'");
    }
    return static_cast<int>(found - names.begin());
  };
  std::vector<PhotographPair> pairs;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line);
    std::string first, second, more;
    if (!(words >> first) || first.starts_with('#')) continue;
    if (!(words >> second) || words >> more || first == second) {
      throw InputError(path + ": line " + std::to_string(number) +
                       ": two names are expected");
    }
    pairs.emplace_back(index(first), index(second));
  }
  if (pairs.empty()) throw InputError(path + ": holds no pairs");
  return pairs;
}

// The ratio test's bound for the preset that made the file.
double RatioOf(const MatchFeaturesArguments& arguments,
               const FeatureFile& file) {
  if (arguments.max_ratio > 0) return arguments.max_ratio;
  const auto attributes = file.Attributes();
  const auto preset = attributes.find("preset");
  if (preset != attributes.end()) {
    try {
      return UsualRatio(ParsePreset(preset->second));
    } catch (const InputError&) {  // of another version: not known here
    }
  }
  return 0.8;
}

std::vector<PairMatch> MatchPair(MatchFilter filter, FilterInput input) {
  if (input.first->keypoints.empty() || input.second->keypoints.empty()) {
    return {};
  }
  if (input.first->descriptors.cols == 0 ||
      input.second->descriptors.cols == 0) {
    throw InputError("no descriptors to match");
  }
  const FilteredMatches found = MatchAndFilter(filter, input);
  std::vector<PairMatch> matches;
  for (size_t m = 0; m < found.matches.size(); ++m) {
    if (found.weights[m] > 0) {
      matches.push_back(
          {found.matches[m].i, found.matches[m].j, found.weights[m]});
    }
  }
  return matches;
}

int RunMatchFeatures(const MatchFeaturesArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  const MatchFilter filter = ParseMatchFilter(arguments.filter);
  const FeatureFile file(arguments.features);
  const std::vector<std::string>& names = file.Names();
  const std::vector<PhotographPair> pairs =
      arguments.pairs == "all"
          ? AllPairs(static_cast<int>(names.size()))
          : ReadList(arguments.pairs, names, arguments.features);
  FilterInput input;
  input.max_ratio = RatioOf(arguments, file);
  std::optional<CorrespondenceClassifier> classifier;
  if (filter == MatchFilter::kLearned) {
    classifier.emplace(FindModel(arguments.models, kCorrespondenceWeights));
    input.classifier = &*classifier;
  }
  nlohmann::ordered_json options = {{"filter", arguments.filter}};
  if (filter == MatchFilter::kRatio) options["ratio"] = input.max_ratio;
  const fs::path parent = fs::path(arguments.output).parent_path();
  if (!parent.empty()) EnsureWritableFolder(parent);
  MatchFileWriter writer(arguments.output, {{"tiepoint", TIEPOINT_VERSION},
                                            {"matching", options.dump()}});

  FeatureCache features(file, names);
  const ProgressLine line(arguments.common.quiet);
  const int total = static_cast<int>(pairs.size());
  int number = 0, made = 0;
  int64_t matches = 0;
  for (const auto& [i, j] : pairs) {
    CheckInterrupt();
    const std::string &first = names[i], &second = names[j];
    line.Count(number++, total, first + " " + second);
    if (writer.Has(first, second)) continue;
    const auto a = features.Of(i), b = features.Of(j);
    input.first = a.get();
    input.second = b.get();
    std::vector<PairMatch> found;
    try {
      found = MatchPair(filter, input);
    } catch (const InputError& error) {
      throw InputError(first + " and " + second + ": " + error.what());
    }
    writer.Add(first, second, static_cast<int>(a->keypoints.size()), {found});
    ++made;
    matches += std::ssize(found);
    if (!arguments.common.quiet && !line.Shown()) {
      fmt::print("[{}/{}] {} {}: {} matches\n", number, total, first, second,
                 found.size());
    }
  }
  line.Show("");
  if (arguments.common.quiet) return kExitAnswer;
  if (made < total) {
    fmt::print("{} of {} pairs were in {} already\n", total - made, total,
               arguments.output);
  }
  fmt::print("{} pairs, {:.0f} matches each\nwritten  {}\n", made,
             made == 0 ? 0.0 : static_cast<double>(matches) / made,
             arguments.output);
  return kExitAnswer;
}

}  // namespace

void AddMatchFeaturesCommand(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<MatchFeaturesArguments>();
  CLI::App* command = app.add_subcommand(
      "match-features", "Matches of the photographs of a feature file");
  command
      ->add_option("FEATURES", arguments->features,
                   "Feature file (extract, import, hloc)")
      ->required();
  command
      ->add_option("-o,--output", arguments->output,
                   "Match file; one that exists is added to")
      ->type_name("MATCHES.h5")
      ->required();
  command
      ->add_option("--pairs", arguments->pairs,
                   "all, or a file with two names a line")
      ->type_name("FILE")
      ->capture_default_str();
  AddFilterOptions(*command, arguments->filter, arguments->max_ratio);
  command
      ->add_option("--models", arguments->models,
                   "Folder of the weights; several with ':' between them")
      ->type_name("DIR");
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Pairs that the file holds already are passed over, so a run that was "
      "stopped goes\non where it was.\n\n"
      "Examples:\n"
      "  tiepoint match-features features.h5 -o matches.h5\n"
      "  tiepoint match-features features.h5 -o matches.h5 --pairs pairs.txt "
      "--filter ratio\n");
  command->callback([arguments, &context] {
    context.exit_code = RunMatchFeatures(*arguments);
  });
}
