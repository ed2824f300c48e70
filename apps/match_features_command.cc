// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

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
#include "tiepoint/pipeline/match_filter.h"
#include "tiepoint/pipeline/preset.h"

namespace {

using namespace tiepoint;
namespace fs = std::filesystem;
using Pairs = std::vector<std::pair<std::string, std::string>>;

struct MatchFeaturesArguments {
  CommonOptions common;
  std::string features, output, models;
  std::string pairs = "all";
  std::string filter = "learned";
  double max_ratio = 0;
};

Pairs AllPairs(const std::vector<std::string>& names) {
  Pairs pairs;
  for (size_t i = 0; i < names.size(); ++i) {
    for (size_t j = i + 1; j < names.size(); ++j) {
      pairs.emplace_back(names[i], names[j]);
    }
  }
  return pairs;
}

// Two names a line, as hloc's; lines that are empty or begin with # are passed
// over.
Pairs ReadPairs(const std::string& path) {
  std::ifstream file(path);
  if (!file || fs::is_directory(path)) {
    throw InputError(path +
                     ": cannot be read (--pairs: 'all', or a file with "
                     "two names a line)");
  }
  Pairs pairs;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line);
    std::string first, second, more;
    if (!(words >> first) || first.starts_with('#')) continue;
    if (!(words >> second) || words >> more || first == second) {
      throw InputError(path + ": line " + std::to_string(number) +
                       ": two names are expected");
    }
    pairs.emplace_back(first, second);
  }
  if (pairs.empty()) throw InputError(path + ": holds no pairs");
  return pairs;
}

// Features as they are asked for, some of them kept.
class FeatureCache {
 public:
  explicit FeatureCache(const FeatureFile& file, const std::string& path)
      : file_(file), path_(path) {}

  std::shared_ptr<const FeatureSet> Of(const std::string& name) {
    const auto found = kept_.find(name);
    if (found != kept_.end()) return found->second;
    std::optional<FeatureSet> features = file_.FindAsStored(name);
    if (!features) {
      throw InputError(path_ + ": holds no photograph '" + name + "'");
    }
    if (features->descriptors.cols == 0 && !features->keypoints.empty()) {
      throw InputError(path_ + ": " + name + " has no descriptors to match");
    }
    if (kept_.size() >= kMost) kept_.clear();
    return kept_[name] = std::make_shared<FeatureSet>(std::move(*features));
  }

 private:
  static constexpr size_t kMost = 256;
  const FeatureFile& file_;
  std::string path_;
  std::map<std::string, std::shared_ptr<const FeatureSet>> kept_;
};

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
  const Pairs pairs = arguments.pairs == "all" ? AllPairs(file.Names())
                                               : ReadPairs(arguments.pairs);
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

  FeatureCache features(file, arguments.features);
  const ProgressLine line(arguments.common.quiet);
  const int total = static_cast<int>(pairs.size());
  int number = 0, made = 0;
  int64_t matches = 0;
  for (const auto& [first, second] : pairs) {
    CheckInterrupt();
    line.Count(number++, total, first + " " + second);
    if (writer.Has(first, second)) continue;
    const auto a = features.Of(first), b = features.Of(second);
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
