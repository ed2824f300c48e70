// SPDX-License-Identifier: Apache-2.0
#include "evaluation/sfm.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "evaluation/model_metrics.h"
#include "evaluation/statistics.h"
#include "evaluation/talk_sfm.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/io/colmap_database.h"
#include "tiepoint/io/colmap_program.h"
#include "tiepoint/pipeline/prior_camera.h"
#include "tiepoint/pipeline/stopwatch.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

// Why there is no model; the values of the series "failure".
enum class Failure { kNone, kNoPairs, kVerification, kMapper };

std::string Sentence(Failure failure) {
  switch (failure) {
    case Failure::kNoPairs:
      return "no pair of photographs has enough matches";
    case Failure::kVerification:
      return "COLMAP's geometric verification failed";
    case Failure::kMapper:
      return "COLMAP's mapper found no model";
    case Failure::kNone:
      break;
  }
  return "";
}

// ----------------------------------------------------------------- features

// Keypoints in pixels of the stored file, without descriptors: matches are made
// here, COLMAP needs none.
FeatureSet InStoredPixels(const Features& features) {
  FeatureSet stored;
  stored.image_width = static_cast<int>(
      std::lround(features.set.image_width * features.scale_x));
  stored.image_height = static_cast<int>(
      std::lround(features.set.image_height * features.scale_y));
  stored.keypoints = features.set.keypoints;
  const double scale = std::sqrt(features.scale_x * features.scale_y);
  for (Keypoint& k : stored.keypoints) {
    k.x = static_cast<float>((k.x + 0.5) * features.scale_x - 0.5);
    k.y = static_cast<float>((k.y + 0.5) * features.scale_y - 0.5);
    k.scale = static_cast<float>(k.scale * scale);
  }
  return stored;
}

struct MatchedPair {
  int first = 0, second = 0;  // photographs
  std::vector<std::pair<int, int>> matches;
};

std::vector<std::pair<int, int>> Indices(const std::vector<Match>& matches) {
  std::vector<std::pair<int, int>> indices;
  indices.reserve(matches.size());
  for (const Match& match : matches) indices.emplace_back(match.i, match.j);
  return indices;
}

// ------------------------------------------------------------------ cameras

struct ChosenCamera {
  ColmapCamera camera;
  bool focal_length_known = true;
  auto Key() const {
    return std::tuple(camera.model, camera.width, camera.height, camera.params,
                      focal_length_known);
  }
};

ChosenCamera PriorCamera(const SfmPhotograph& photograph,
                         const FeatureSet& features) {
  const FocalPrior prior = FocalPriorOf(photograph.path, features.image_width,
                                        features.image_height);
  return {MakeColmapCamera("SIMPLE_RADIAL", prior.focal, features.image_width,
                           features.image_height),
          prior.known};
}

// Photographs without a camera of their own (not in the true model) take that
// of the first one of their size.
ChosenCamera KnownCamera(const SfmScene& scene, const SfmPhotograph& photograph,
                         const FeatureSet& features) {
  std::optional<ColmapCamera> camera = photograph.camera;
  for (const SfmPhotograph& other : scene.photographs) {
    if (camera) break;
    if (other.camera && other.camera->width == features.image_width &&
        other.camera->height == features.image_height) {
      camera = other.camera;
    }
  }
  if (!camera) return PriorCamera(photograph, features);
  if (camera->width == 0) {
    camera->width = features.image_width;
    camera->height = features.image_height;
  }
  if (camera->width != features.image_width ||
      camera->height != features.image_height) {
    throw InputError(
        photograph.path + ": is " + std::to_string(features.image_width) +
        " x " + std::to_string(features.image_height) +
        " pixels, but its true camera has " + std::to_string(camera->width) +
        " x " + std::to_string(camera->height));
  }
  return {*camera, true};
}

// ------------------------------------------------------------------ columns

Column MakeColumn(const std::string& key, const std::string& title,
                  const std::string& meaning, int decimals,
                  bool smaller_is_better = false) {
  return {key, title, meaning, key, Mean, decimals, smaller_is_better};
}

// Means over the scenes where a table has several.
std::vector<Column> SfmColumns() {
  constexpr bool kSmaller = true;
  std::vector<Column> columns = {
      MakeColumn("images", "images", "photographs of the scene", 0),
      MakeColumn("registered", "registered",
                 "images with a pose in the largest model", 0),
      MakeColumn("points", "points", "points of the sparse model", 0),
      MakeColumn("observations", "observations",
                 "observations of these points in images", 0),
      MakeColumn("track_length", "track", "observations a point", 2),
      MakeColumn("reprojection_error", "reproj. px",
                 "mean over the points of their reprojection error, pixels of "
                 "the stored photographs (COLMAP's own mean)",
                 3, kSmaller),
      MakeColumn("observation_error", "reproj./obs. px",
                 "the same with each point as often as it is observed", 3,
                 kSmaller),
      MakeColumn("inlier_pairs", "inl. pairs",
                 "image pairs with matches after geometric verification", 0),
      MakeColumn("inlier_matches", "inl. matches",
                 "matches of all pairs after geometric verification", 0),
      MakeColumn("position_mean", "pos. mean",
                 "mean distance of the camera centres from the true ones after "
                 "a robust similarity alignment, in the truth's unit (Strecha: "
                 "metres)",
                 4, kSmaller),
      MakeColumn("position_median", "pos. median", "median of these distances",
                 4, kSmaller),
      MakeColumn("rotation_mean", "rot. mean",
                 "mean angle to the true rotations, degrees", 4, kSmaller),
      MakeColumn("rotation_median", "rot. median",
                 "median of these angles, degrees", 4, kSmaller),
      MakeColumn(
          "dense_points", "dense",
          "points after dense stereo and fusion (only with a COLMAP that "
          "has CUDA)",
          0),
      MakeColumn("keypoints", "keypoints", "keypoints a photograph", 0),
      MakeColumn("pairs", "pairs",
                 "image pairs with enough matches before verification", 0),
      MakeColumn("matches", "matches",
                 "matches of these pairs before verification", 0),
      MakeColumn("seconds_features", "features s",
                 "seconds for the features (near 0 when they were kept)", 1,
                 kSmaller),
      MakeColumn("seconds_matching", "matching s", "seconds for matching", 1,
                 kSmaller),
      MakeColumn("seconds_verification", "verification s",
                 "seconds for COLMAP's geometric verification", 1, kSmaller),
      MakeColumn("seconds_mapping", "mapping s", "seconds for COLMAP's mapper",
                 1, kSmaller),
      MakeColumn("seconds_dense", "dense s", "seconds for dense stereo", 1,
                 kSmaller)};
  for (const char* key :
       {"registered", "points", "track_length", "reprojection_error",
        "inlier_matches", "position_mean"}) {
    std::find_if(columns.begin(), columns.end(), [&](const Column& column) {
      return column.key == key;
    })->headline = true;
  }
  return columns;
}

// All series, so that every measurement has them.
Measurement EmptyMeasurement() {
  Measurement measurement;
  for (const Column& column : SfmColumns()) {
    measurement[column.series] = {kUndefined};
  }
  for (const char* series : {"registered", "points", "observations",
                             "inlier_pairs", "inlier_matches", "failure"}) {
    measurement[series] = {0};
  }
  return measurement;
}

// ------------------------------------------------------------------- runner

// A name of a folder.
std::string FileName(std::string text) {
  for (char& c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       c == '.' || c == '-' || c == '_' || c == '+';
    if (!plain) c = '_';
  }
  return text;
}

// What an earlier run left there, and nothing else.
void RemoveResults(const std::string& folder) {
  std::error_code error;
  for (const char* name : {"database.db", "pairs.txt", "sparse", "dense"}) {
    fs::remove_all(folder + "/" + name, error);
    if (error) {
      throw InputError(folder + "/" + name + ": " + error.message());
    }
  }
}

// One scene with one kind of features.
class Reconstruction {
 public:
  Reconstruction(const SfmScene& scene, const SfmOptions& options,
                 const FilteredMatcher& matcher, bool fixed_intrinsics,
                 const Colmap& colmap, const std::string& folder,
                 const std::string& label)
      : scene_(scene),
        options_(options),
        matcher_(matcher),
        colmap_(colmap),
        folder_(folder),
        label_(label),
        measured_(EmptyMeasurement()) {
    colmap_options_.program = options.colmap;
    colmap_options_.threads = options.threads;
    colmap_options_.fixed_intrinsics = fixed_intrinsics;
  }

  Measurement Run(const FeatureSource& source) {
    Set("images", static_cast<double>(scene_.photographs.size()));
    Stopwatch stopwatch;
    FindFeatures(source);
    Set("seconds_features", stopwatch.Lap());
    MatchPairs(source);
    Set("seconds_matching", stopwatch.Lap());
    if (pairs_.empty()) return Failed(Failure::kNoPairs, "");
    WriteDatabase();
    stopwatch.Lap();
    Report("verification");
    const std::string unverified =
        colmap_.Verify(Database(), PairList(), folder_, colmap_options_);
    Set("seconds_verification", stopwatch.Lap());
    if (!unverified.empty()) return Failed(Failure::kVerification, unverified);
    CountInliers();
    return Map();
  }

 private:
  std::string Database() const { return folder_ + "/database.db"; }
  std::string PairList() const { return folder_ + "/pairs.txt"; }

  void Set(const char* series, double value) { measured_[series] = {value}; }

  void Report(const std::string& text) const {
    if (options_.report)
      options_.report(scene_.name + ", " + label_ + ": " + text);
  }

  Measurement Failed(Failure failure, const std::string& problem) {
    Set("failure", static_cast<double>(failure));
    Report(problem.empty() ? Sentence(failure) : problem);
    return measured_;
  }

  void FindFeatures(const FeatureSource& source) {
    double keypoints = 0;
    for (const SfmPhotograph& photograph : scene_.photographs) {
      CheckInterrupt();
      Report("features of " + photograph.name);
      features_.push_back(source.Of(photograph.path, options_.max_image_size));
      keypoints += static_cast<double>(features_.back()->set.keypoints.size());
    }
    Set("keypoints", keypoints / static_cast<double>(features_.size()));
  }

  void MatchPairs(const FeatureSource& source) {
    Report("matching");
    size_t matches = 0;
    for (const auto& [first, second] :
         SfmPairs(static_cast<int>(features_.size()), options_.neighbours)) {
      CheckInterrupt();
      MatchedPair pair{first, second,
                       Indices(matcher_.Find(source, features_[first]->set,
                                             features_[second]->set))};
      if (pair.matches.size() < static_cast<size_t>(options_.min_matches)) {
        continue;
      }
      matches += pair.matches.size();
      pairs_.push_back(std::move(pair));
    }
    Set("pairs", static_cast<double>(pairs_.size()));
    Set("matches", static_cast<double>(matches));
  }

  void WriteDatabase() const {
    ColmapDatabaseWriter writer(Database());
    std::vector<std::pair<ChosenCamera, int>> cameras;
    std::vector<int> ids;
    for (size_t i = 0; i < features_.size(); ++i) {
      const SfmPhotograph& photograph = scene_.photographs[i];
      const FeatureSet features = InStoredPixels(*features_[i]);
      const int camera = AddCamera(photograph, features, writer, cameras);
      ids.push_back(writer.AddImage(photograph.name, camera, features));
    }
    std::string list;
    for (const MatchedPair& pair : pairs_) {
      writer.AddMatches(ids[pair.first], ids[pair.second], pair.matches);
      list += scene_.photographs[pair.first].name + " " +
              scene_.photographs[pair.second].name + "\n";
    }
    writer.Commit();
    WriteFileAtomically(PairList(), list);
  }

  // Equal known cameras are one; guessed ones are refined each for itself.
  int AddCamera(const SfmPhotograph& photograph, const FeatureSet& features,
                ColmapDatabaseWriter& writer,
                std::vector<std::pair<ChosenCamera, int>>& cameras) const {
    const bool known = colmap_options_.fixed_intrinsics;
    const ChosenCamera chosen = known
                                    ? KnownCamera(scene_, photograph, features)
                                    : PriorCamera(photograph, features);
    if (known) {
      for (const auto& [camera, id] : cameras) {
        if (camera.Key() == chosen.Key()) return id;
      }
    }
    const int id = writer.AddCamera(chosen.camera, chosen.focal_length_known);
    cameras.emplace_back(chosen, id);
    return id;
  }

  void CountInliers() {
    const ColmapDatabaseCounts counts = CountColmapDatabase(Database());
    Set("inlier_pairs", static_cast<double>(counts.inlier_pairs));
    Set("inlier_matches", static_cast<double>(counts.inlier_matches));
  }

  Measurement Map() {
    Stopwatch stopwatch;
    Report("mapping");
    const std::string problem =
        colmap_.Map(Database(), scene_.image_folder, folder_, colmap_options_);
    Set("seconds_mapping", stopwatch.Lap());
    if (!problem.empty()) return Failed(Failure::kMapper, problem);
    const std::optional<MappedModel> mapped = LargestModel(folder_);
    if (!mapped) return Failed(Failure::kMapper, "");
    Describe(mapped->model);
    if (options_.dense && colmap_.HasCuda()) Dense(mapped->folder);
    return measured_;
  }

  void Describe(const ColmapModel& model) {
    const ModelStatistics statistics = StatisticsOf(model);
    Set("registered", statistics.registered);
    Set("points", static_cast<double>(statistics.points));
    Set("observations", static_cast<double>(statistics.observations));
    if (statistics.points > 0) {
      Set("track_length", statistics.track_length);
      Set("reprojection_error", statistics.reprojection_error);
      Set("observation_error", statistics.observation_error);
    }
    std::map<std::string, CameraPose> truth;
    for (const SfmPhotograph& photograph : scene_.photographs) {
      if (photograph.pose) truth[photograph.name] = *photograph.pose;
    }
    const PoseErrors errors = ComparePoses(model, truth);
    if (errors.position.empty()) return;
    Set("position_mean", Mean(errors.position));
    Set("position_median", Median(errors.position));
    Set("rotation_mean", Mean(errors.rotation));
    Set("rotation_median", Median(errors.rotation));
  }

  // Without dense points the sparse numbers stand.
  void Dense(const std::string& model) {
    Stopwatch stopwatch;
    Report("dense stereo");
    int64_t points = 0;
    const std::string problem =
        colmap_.Dense(model, scene_.image_folder, folder_, points);
    Set("seconds_dense", stopwatch.Lap());
    if (problem.empty()) {
      Set("dense_points", static_cast<double>(points));
    } else {
      Report(problem);
    }
  }

  const SfmScene& scene_;
  const SfmOptions& options_;
  const FilteredMatcher& matcher_;
  const Colmap& colmap_;
  std::string folder_, label_;
  ColmapOptions colmap_options_;
  Measurement measured_;
  std::vector<std::shared_ptr<const Features>> features_;
  std::vector<MatchedPair> pairs_;
};

// ----------------------------------------------------------------- protocol

class SfmProtocol : public Protocol {
 public:
  SfmProtocol(std::vector<SfmScene> scenes, const SfmOptions& options)
      : scenes_(std::move(scenes)),
        options_(options),
        matcher_(options.matching),
        colmap_(options.colmap),
        columns_(SfmColumns()) {
    for (const SfmScene& scene : scenes_) {
      items_.push_back(
          {scene.set, scene.name,
           std::to_string(scene.photographs.size()) + " photographs",
           scene.photographs[0].path, "", std::nullopt});
    }
  }

  std::string Name() const override { return "sfm"; }
  Json Settings() const override;
  const std::vector<Item>& Items() const override { return items_; }
  const std::vector<Column>& Columns() const override { return columns_; }
  Measurement Measure(const FeatureSource& source,
                      const Item& item) const override;
  std::vector<std::string> Notes(const ProtocolResult& result) const override;
  std::vector<std::string> Listings(const ProtocolResult&) const override {
    std::vector<std::string> listings;
    for (const SfmScene& scene : scenes_) {
      const std::string text = TalkText(scene.name);
      if (!text.empty()) listings.push_back(text);
    }
    return listings;
  }

 private:
  bool Fixed(const SfmScene& scene) const {
    if (options_.intrinsics != SfmIntrinsics::kAuto) {
      return options_.intrinsics == SfmIntrinsics::kKnown;
    }
    return scene.truth != SfmTruth::kNone;
  }
  const SfmScene& SceneOf(const Item& item) const;

  std::vector<SfmScene> scenes_;
  SfmOptions options_;
  FilteredMatcher matcher_;
  Colmap colmap_;
  std::vector<Item> items_;
  std::vector<Column> columns_;
};

Json SfmProtocol::Settings() const {
  Json settings = {
      {"max_image_size", options_.max_image_size},
      {"matching", matcher_.Settings()},
      {"min_matches", options_.min_matches},
      {"pairs", options_.neighbours == 0
                    ? "all"
                    : std::to_string(options_.neighbours) +
                          " nearest in the order of the names"},
      {"colmap", colmap_.Version()},
      {"colmap_threads", options_.threads},
      {"colmap_options",
       "defaults of matches_importer and mapper (no colours, no GPU); "
       "intrinsics as listed"},
      {"dense", options_.dense && colmap_.HasCuda()},
      {"alignment", "similarity, least quantile of squares, then inliers"},
      {"scenes", Json::array()}};
  for (const SfmScene& scene : scenes_) {
    settings["scenes"].push_back(
        {{"set", scene.set},
         {"scene", scene.name},
         {"photographs", scene.photographs.size()},
         {"truth", tiepoint::Name(scene.truth)},
         {"intrinsics", Fixed(scene) ? "known, fixed"
                                     : "EXIF or 1.2 times the longer side, "
                                       "SIMPLE_RADIAL, refined"},
         {"checksum", scene.checksum}});
  }
  return settings;
}

const SfmScene& SfmProtocol::SceneOf(const Item& item) const {
  for (size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].image1 == item.image1) return scenes_[i];
  }
  throw InputError("sfm: no scene " + item.sequence);
}

Measurement SfmProtocol::Measure(const FeatureSource& source,
                                 const Item& item) const {
  const SfmScene& scene = SceneOf(item);
  std::optional<TemporaryFolder> temporary;
  std::string folder;
  if (options_.work_folder.empty()) {
    folder = temporary.emplace().Path();
  } else {
    folder = options_.work_folder + "/" + FileName(scene.set) + "/" +
             FileName(scene.name) + "/" + FileName(source.Label());
    EnsureWritableFolder(folder);
    RemoveResults(folder);
  }
  return Reconstruction(scene, options_, matcher_, Fixed(scene), colmap_,
                        folder, source.Label())
      .Run(source);
}

std::vector<std::string> SfmProtocol::Notes(
    const ProtocolResult& result) const {
  std::vector<std::string> notes;
  for (const MethodResult& method : result.methods) {
    for (size_t i = 0; i < result.items.size(); ++i) {
      const auto found = method.measurements[i].find("failure");
      if (found == method.measurements[i].end() || found->second.empty()) {
        continue;
      }
      const auto failure = static_cast<Failure>(std::lround(found->second[0]));
      if (failure == Failure::kNone) continue;
      notes.push_back(result.items[i].sequence + ", " + method.label +
                      ": not reconstructed, " + Sentence(failure) + ".");
    }
  }
  if (!colmap_.HasCuda()) {
    notes.push_back(colmap_.Version() +
                    " has no CUDA: dense columns are left out.");
  }
  for (const SfmScene& scene : scenes_) {
    if (TalkRows(scene.name).empty()) continue;
    notes.push_back(TalkNote());
    break;
  }
  return notes;
}

}  // namespace

std::string SfmOptions::Validate() const {
  if (max_image_size < 0) return "the image size cannot be negative";
  if (!(matching.max_ratio >= 0 && matching.max_ratio <= 1)) {
    return "the ratio must be above 0 and at most 1, or 0";
  }
  if (min_matches < 1) return "the number of matches must be at least 1";
  if (neighbours < 0) return "the number of neighbours cannot be negative";
  if (threads < 1) return "COLMAP needs at least one thread";
  return "";
}

std::vector<std::pair<int, int>> SfmPairs(int count, int neighbours) {
  std::set<std::pair<int, int>> pairs;
  for (int i = 0; i < count; ++i) {
    std::vector<int> others;
    for (int j = 0; j < count; ++j) {
      if (j != i) others.push_back(j);
    }
    std::stable_sort(others.begin(), others.end(), [i](int a, int b) {
      return std::abs(a - i) < std::abs(b - i);
    });
    if (neighbours > 0 && others.size() > static_cast<size_t>(neighbours)) {
      others.resize(neighbours);
    }
    for (const int j : others) pairs.insert(std::minmax(i, j));
  }
  return {pairs.begin(), pairs.end()};
}

std::unique_ptr<Protocol> MakeSfmProtocol(
    const std::vector<std::string>& folders, const SfmOptions& options) {
  if (const std::string wrong = options.Validate(); !wrong.empty()) {
    throw InputError("sfm: " + wrong);
  }
  std::vector<SfmScene> scenes;
  for (const std::string& folder : folders) {
    for (SfmScene& scene : FindSfmScenes(folder)) {
      if (options.only_with_truth && scene.truth == SfmTruth::kNone) continue;
      const auto count = static_cast<int>(scene.photographs.size());
      if (options.max_photographs > 0 && count > options.max_photographs) {
        if (options.report) {
          options.report(scene.name + " is left out: it has " +
                         std::to_string(count) + " photographs");
        }
        continue;
      }
      scenes.push_back(std::move(scene));
    }
  }
  if (scenes.empty()) {
    throw InputError("sfm: no scene of the wanted kind and size was given");
  }
  return std::make_unique<SfmProtocol>(std::move(scenes), options);
}

}  // namespace tiepoint
