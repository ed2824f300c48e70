// SPDX-License-Identifier: Apache-2.0
#include "data_matches.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "choices.h"
#include "data_sources.h"
#include "evaluation/features.h"
#include "evaluation/pose_pairs.h"
#include "feature_options.h"
#include "progress_line.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/matching/matcher.h"
#include "training/match_set.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;

struct MatchesArguments {
  CommonOptions common;
  std::vector<std::string> folders;
  std::string output;
  std::vector<std::string> presets = {"default", "rootsift"};
  ExtractorOptions extractor;
  int max_image_size = 1024;
  PosePairOptions pairs;
};

MatchedImage Normalized(const GroundTruthCamera& camera,
                        const Features& features) {
  MatchedImage image;
  image.name = fs::path(camera.image).filename().string();
  const PinholeCamera working = features.Working(camera.Pinhole());
  image.focal_length = (working.fx + working.fy) / 2;
  for (const Keypoint& k : features.set.keypoints) {
    const auto [x, y] =
        Undistorted(camera, (k.x + 0.5) * features.scale_x - 0.5,
                    (k.y + 0.5) * features.scale_y - 0.5);
    const double u = (x - camera.cx) / camera.fx;
    const double v = (y - camera.cy) / camera.fy;
    // Where no camera without distortion sees it: far outside.
    constexpr float kNowhere = 100;
    const bool seen = std::isfinite(u) && std::isfinite(v);
    image.x.push_back(seen ? static_cast<float>(u) : kNowhere);
    image.y.push_back(seen ? static_cast<float>(v) : kNowhere);
    image.scale.push_back(static_cast<float>(k.scale / image.focal_length));
    image.angle.push_back(k.angle);
  }
  return image;
}

std::vector<CandidateMatch> Candidates(const FeatureSet& first,
                                       const FeatureSet& second) {
  std::vector<CandidateMatch> list;
  for (const Match& m : MatchBothWays(first.descriptors, second.descriptors)) {
    list.push_back({static_cast<uint16_t>(m.i), static_cast<uint16_t>(m.j),
                    m.ratio, m.reverse_ratio});
  }
  return list;
}

MatchSet MatchesOf(const std::vector<PosePair>& pairs,
                   const FeatureSource& source,
                   const MatchesArguments& arguments,
                   const ProgressLine& line) {
  MatchSet set;
  set.features = source.Label();
  set.settings = {{"features", source.Settings()},
                  {"max_image_size", arguments.max_image_size},
                  {"min_angle", arguments.pairs.min_angle},
                  {"max_angle", arguments.pairs.max_angle},
                  {"min_shared_points", arguments.pairs.min_shared_points}};
  std::map<std::string, int> index;
  std::vector<std::shared_ptr<const Features>> features;
  const auto image_of = [&](const GroundTruthCamera& camera) {
    const auto [place, is_new] =
        index.insert({camera.image, static_cast<int>(features.size())});
    if (is_new) {
      features.push_back(source.Of(camera.image, arguments.max_image_size));
      set.images.push_back(Normalized(camera, *features.back()));
    }
    return place->second;
  };
  int done = 0;
  for (const PosePair& pair : pairs) {
    line.Count(done++, static_cast<int>(pairs.size()),
               set.features + " " + pair.sequence);
    MatchedPair matched;
    matched.image1 = image_of(pair.camera1);
    matched.image2 = image_of(pair.camera2);
    matched.rotation = pair.cam2_from_cam1.rotation;
    matched.translation = pair.cam2_from_cam1.translation;
    const FeatureSet& first = features[matched.image1]->set;
    const FeatureSet& second = features[matched.image2]->set;
    matched.forward = Candidates(first, second);
    matched.backward = Candidates(second, first);
    set.pairs.push_back(std::move(matched));
  }
  return set;
}

int RunMatches(const MatchesArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  constexpr int kMostKeypoints = 65535;  // of a match set
  if (arguments.extractor.max_keypoints > kMostKeypoints) {
    throw InputError("--max-keypoints: at most 65535 here");
  }
  EnsureWritableFolder(arguments.output);
  const ProgressLine line(arguments.common.quiet);
  FeatureSourceOptions options;
  options.extractor = arguments.extractor;
  for (const std::string& name : arguments.presets) {
    const auto source = MakeFeatureSource(name, options);
    for (const std::string& folder : arguments.folders) {
      const DataSource data = FindDataSource(folder, "", "");
      std::string file = data.name + "." + source->Label() + ".matches";
      std::replace(file.begin(), file.end(), '/', '+');
      const std::string path = fs::path(arguments.output) / file;
      if (!fs::exists(path)) {
        MatchSet set = MatchesOf(FindPosePairs(folder, arguments.pairs),
                                 *source, arguments, line);
        set.source = data.name;
        set.licence = data.licence;
        WriteMatchSet(path, set);
      }
      const MatchSet set = ReadMatchSet(path);
      line.Show("");
      if (arguments.common.quiet) continue;
      fmt::print("{}: {} photographs, {} pairs, {:.1f} MB\n", path,
                 set.images.size(), set.pairs.size(),
                 static_cast<double>(fs::file_size(path)) / 1e6);
    }
  }
  return kExitAnswer;
}

}  // namespace

void AddDataMatches(CLI::App& data, CommandContext& context) {
  const auto arguments = std::make_shared<MatchesArguments>();
  arguments->pairs = {.min_angle = 0.5,
                      .max_angle = 90,
                      .max_pairs = 0,
                      .min_shared_points = 20,
                      .list_images = {}};
  CLI::App* command = data.add_subcommand(
      "matches",
      "Match photographs whose cameras are known, right and wrong matches "
      "alike: what tiepoint train correspondence learns from");
  command
      ->add_option("--photographs", arguments->folders,
                   "Folders with sparse/ (a COLMAP model) and images/, with "
                   "gt_cameras.txt, or with a list of pairs")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("-o,--output", arguments->output,
                   "Folder of the files; what is there is not made again")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--presets", arguments->presets,
                   "Features to match, a file for each")
      ->delimiter(',')
      ->type_name("NAMES")
      ->check(Suggested(PresetNames()))
      ->capture_default_str();
  AddExtractorOptions(*command, arguments->extractor);
  AddMaxImageSizeOption(*command, arguments->max_image_size);
  PosePairOptions& pairs = arguments->pairs;
  command
      ->add_option("--min-angle", pairs.min_angle,
                   "Smallest angle between two views, degrees")
      ->capture_default_str();
  command->add_option("--max-angle", pairs.max_angle, "Largest")
      ->capture_default_str();
  command
      ->add_option("--max-pairs", pairs.max_pairs,
                   "Pairs of a scene, evenly taken; 0: all")
      ->capture_default_str();
  command
      ->add_option("--min-shared-points", pairs.min_shared_points,
                   "Points of the model that both photographs see")
      ->capture_default_str();
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Example:\n"
      "  tiepoint data matches --photographs castle market -o matches\n"
      "  tiepoint train correspondence --data matches --output "
      "correspondence.safetensors\n");
  command->callback(
      [arguments, &context] { context.exit_code = RunMatches(*arguments); });
}
