// SPDX-License-Identifier: Apache-2.0
#include "extract_photographs.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "progress_line.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/pipeline/extract_many.h"
#include "tiepoint/pipeline/preset_json.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;
using Json = nlohmann::ordered_json;

// Everything but the steps that the features depend on.
Json Options(const ExtractionTask& task) {
  Json options = FeatureSettings(task.preset, task.extractor);
  options["max_image_size"] = task.max_image_size;
  return options;
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

}  // namespace

std::map<std::string, std::string> FeatureAttributes(
    const ExtractionTask& task) {
  return {{"tiepoint", TIEPOINT_VERSION},
          {"preset", task.preset.name},
          {"steps", task.preset.detector + "/" + task.preset.orientation + "/" +
                        task.preset.descriptor},
          {"options", Options(task).dump()}};
}

ExtractionSummary ExtractPhotographs(std::vector<PhotographFile> photographs,
                                     const ExtractionTask& task) {
  const bool quiet = task.quiet;
  const Steps steps = MakeSteps(task.preset, task.extractor);
  const auto attributes = FeatureAttributes(task);
  CheckOptions(task.output, attributes);
  FeatureFileWriter writer(task.output, attributes);

  const size_t all = photographs.size();
  std::erase_if(photographs, [&](const PhotographFile& photograph) {
    return writer.Has(photograph.name);
  });
  const int total = static_cast<int>(photographs.size());
  if (!quiet && photographs.size() < all) {
    fmt::print("{} of {} photographs are in {} already\n",
               all - photographs.size(), all, task.output);
    std::fflush(stdout);
  }

  const ProgressLine line(quiet);
  std::mutex terminal;  // what is printed comes from two threads
  ExtractionSummary summary;
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
      summary.skipped.push_back(name);
      line.Show("");
      std::fflush(stdout);
      fmt::print(stderr, "tiepoint: {} (skipped)\n", photograph.error);
      return;
    }
    ++summary.extracted;
    summary.keypoints += photograph.features->keypoints.size();
    if (quiet || line.Shown()) return;
    fmt::print("[{}/{}] {}: {} keypoints\n", i + 1, total, name,
               photograph.features->keypoints.size());
    std::fflush(stdout);  // a log that is looked at while it grows
  };
  std::vector<std::string> paths;
  paths.reserve(photographs.size());
  for (const PhotographFile& photograph : photographs) {
    paths.push_back(photograph.path);
  }
  ExtractMany(paths, steps,
              {.max_image_size = task.max_image_size,
               .max_keypoints = task.extractor.max_keypoints,
               .overlap = NumThreads() > 1},
              begin, done);
  line.Show("");
  return summary;
}
