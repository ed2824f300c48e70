// SPDX-License-Identifier: Apache-2.0
#include "match_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "progress_line.h"
#include "reconstruction_stages.h"
#include "stage_output.h"
#include "tiepoint/pipeline/preset.h"

using namespace tiepoint;
using Json = nlohmann::ordered_json;

std::map<std::string, std::string> MatchAttributes(
    const ReconstructArguments& arguments,
    const std::map<std::string, std::string>& features_made) {
  Json features;
  for (const auto& [name, text] : features_made) features[name] = text;
  Json options = {{"filter", arguments.filter}};
  if (arguments.verify.filter == MatchFilter::kRatio) {
    options["ratio"] = arguments.verify.max_ratio;
  }
  if (arguments.verify.filter == MatchFilter::kLearned) {
    std::ifstream file(
        FindModel(arguments.extractor.models, kCorrespondenceWeights),
        std::ios::binary);
    options["weights"] = StageKey({std::istreambuf_iterator<char>(file), {}});
  }
  options["max_error"] = arguments.verify.max_error;
  options["min_inliers"] = arguments.verify.min_inliers;
  options["seed"] = arguments.verify.seed;
  if (!arguments.cameras.options.params.empty()) {
    options["camera"] = arguments.cameras.options.model + " " +
                        arguments.cameras.options.params;
  }
  return {{"tiepoint", TIEPOINT_VERSION},
          {"features", StageKey(features.dump())},
          {"options", options.dump()}};
}

void MatchMissingPairs(MatchPairsTask task, FeatureCache& features,
                       MatchFileWriter& matches, bool quiet) {
  const size_t missing = MissingPairs(task, matches).size();
  if (missing < task.pairs.size()) {
    Say(quiet, fmt::format("{} of {} pairs are in {} already",
                           task.pairs.size() - missing, task.pairs.size(),
                           "matches.h5"));
  }
  const ProgressLine line(quiet);
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  auto last = begin;
  line.Count(0, static_cast<int>(missing), "matching");
  task.done = [&](int done, int total, PhotographPair pair,
                  const MatchedPair&) {
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - begin).count();
    const double rate = seconds > 0 ? done / seconds : 0;
    line.Count(done, total,
               fmt::format("{:.1f} pairs/s, {} - {}", rate,
                           task.names[pair.first], task.names[pair.second]));
    if (quiet || line.Shown()) return;
    if (done < total && now - last < std::chrono::seconds(5)) return;
    last = now;
    Say(quiet, fmt::format("[{}/{}] pairs matched, {:.1f} a second", done,
                           total, rate));
  };
  MatchPairs(task, features, matches);
  line.Show("");
  const double seconds =
      std::chrono::duration<double>(Clock::now() - begin).count();
  if (missing > 0) {
    Say(quiet, fmt::format("matches   {}, {:.1f} s", Counted(missing, "pair"),
                           seconds));
  }
}
