// SPDX-License-Identifier: Apache-2.0
#include "reconstruction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command.h"
#include "database_stage.h"
#include "extract_photographs.h"
#include "mapper_stage.h"
#include "match_stage.h"
#include "progress_line.h"
#include "reconstruction_stages.h"
#include "stage_output.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/image/find_photographs.h"
#include "tiepoint/io/colmap_database.h"
#include "tiepoint/io/colmap_program.h"
#include "tiepoint/io/model_statistics.h"
#include "tiepoint/io/program.h"
#include "tiepoint/pipeline/assign_cameras.h"
#include "tiepoint/pipeline/match_pairs.h"
#include "tiepoint/pipeline/prior_camera.h"
#include "tiepoint/pipeline/reconstruction_page.h"
#include "tiepoint/pipeline/stopwatch.h"
#include "tiepoint/pipeline/valid_utf8.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;

// Up to so many photographs all pairs are matched.
constexpr int kAllPairsUpTo = 60;

// A photograph with features.
struct Photograph {
  std::string path, name;
  int width = 0, height = 0, keypoints = 0;
};

class Reconstruction {
 public:
  explicit Reconstruction(const ReconstructArguments& arguments)
      : arguments_(arguments), stages_(arguments.folder) {}

  int Run() {
    Prepare();
    Extract();
    ReadHeads();
    ChoosePairs();
    Match();
    WriteDatabase();
    Map();
    WritePage();
    return models_.empty() && !arguments_.no_mapper ? kExitNoAnswer
                                                    : kExitAnswer;
  }

 private:
  std::string In(const std::string& name) const {
    return arguments_.folder + "/" + name;
  }

  // What can be known to be wrong before the work is done.
  void Prepare() {
    arguments_.verify.filter = ParseMatchFilter(arguments_.filter);
    arguments_.verify.seed = arguments_.common.seed;
    camera_options_ = arguments_.cameras.Checked();
    found_ =
        fs::is_directory(arguments_.photographs)
            ? PhotographsBelow(arguments_.photographs)
            : throw InputError(arguments_.photographs + ": is not a folder");
    task_.preset = ParsePreset(arguments_.preset);
    task_.output = In("features.h5");
    task_.extractor = arguments_.extractor;
    task_.max_image_size = arguments_.max_image_size;
    task_.quiet = arguments_.common.quiet;
    if (task_.preset.descriptor == "none") {
      throw InputError("preset: '" + arguments_.preset +
                       "' has no descriptor, which matching needs");
    }
    arguments_.verify.max_ratio =
        arguments_.ratio > 0 ? arguments_.ratio : UsualRatio(task_.preset);
    if (arguments_.verify.filter == MatchFilter::kLearned) {
      classifier_.emplace(
          FindModel(arguments_.extractor.models, kCorrespondenceWeights));
    }
    FindColmap();
    EnsureWritableFolder(arguments_.folder);
    feature_attributes_ = FeatureAttributes(task_);
    // Open all the time: a second program in this folder is refused.
    match_attributes_ = MatchAttributes(arguments_, feature_attributes_);
    matches_.emplace(In("matches.h5"), match_attributes_);
    CheckPhotographs();
  }

  // Names alone tell photographs apart: those of another folder may be others.
  // A folder that is gone was moved.
  void CheckPhotographs() {
    const std::string noted = stages_.Key("photographs");
    std::error_code error;
    if (noted.empty() || !fs::exists(task_.output, error)) NotePhotographs();
    if (noted.empty() || noted == PhotographsText() ||
        !fs::exists(task_.output, error) || !fs::exists(noted, error)) {
      return;
    }
    throw InputError(arguments_.folder + ": was made of the photographs in " +
                     noted + "; name another folder with -o");
  }

  // For the next run, and tiepoint view.
  void NotePhotographs() {
    if (stages_.Key("photographs") == PhotographsText()) return;
    stages_.SetDone("photographs", PhotographsText());
  }

  std::string PhotographsText() const {
    return ValidUtf8(
        fs::absolute(arguments_.photographs).lexically_normal().string());
  }

  void FindColmap() {
    if (arguments_.no_mapper) return;
    if (arguments_.colmap == kDefaultColmap &&
        FindProgram(arguments_.colmap).empty()) {
      return;
    }
    colmap_.emplace(arguments_.colmap);
  }

  // ----------------------------------------------------------------- features

  void Extract() {
    Stopwatch stopwatch;
    const ExtractionSummary summary = ExtractPhotographs(found_, task_);
    for (const std::string& name : summary.skipped) {
      std::erase_if(found_,
                    [&](const auto& file) { return file.name == name; });
    }
    skipped_ = summary.skipped;
    if (found_.size() < 2) {
      throw InputError(arguments_.photographs +
                       ": fewer than two photographs can be used");
    }
    NotePhotographs();
    if (summary.extracted > 0) {
      Say(arguments_.common.quiet,
          fmt::format(
              "features  {}, {:.0f} keypoints each, {:.1f} s",
              Counted(summary.extracted, "photograph"),
              static_cast<double>(summary.keypoints) / summary.extracted,
              stopwatch.Lap()));
    }
  }

  // Sizes and cameras.
  void ReadHeads() {
    file_.emplace(task_.output);
    std::vector<std::string> names;
    for (const PhotographFile& file : found_) names.push_back(file.name);
    cache_.emplace(*file_, names);
    std::vector<SizedPhotograph> sized;
    for (size_t i = 0; i < found_.size(); ++i) {
      CheckInterrupt();
      const auto features = cache_->Of(static_cast<int>(i));
      photographs_.push_back({found_[i].path, found_[i].name,
                              features->image_width, features->image_height,
                              static_cast<int>(features->keypoints.size())});
      const Photograph& p = photographs_.back();
      sized.push_back({p.path, p.name, p.width, p.height});
    }
    cameras_ = AssignCameras(sized, camera_options_);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Photograph& p : photographs_) names.push_back(p.name);
    return names;
  }

  // -------------------------------------------------------------------- pairs

  void ChoosePairs() {
    const int count = static_cast<int>(photographs_.size());
    std::string how = arguments_.pairs;
    if (how == "auto") how = count <= kAllPairsUpTo ? "all" : "retrieval";
    if (how == "all") {
      pairs_ = AllPairs(count);
    } else if (how == "sequential") {
      pairs_ = SequentialPairs(count, arguments_.overlap);
    } else if (how == "retrieval") {
      const ProgressLine line(arguments_.common.quiet);
      pairs_ = RetrievalPairs(
          count,
          [&](int i) {
            line.Count(i, count, "pairs of " + photographs_[i].name);
            return *cache_->Of(i);
          },
          arguments_.retrieval);
    } else {
      pairs_ = ReadPairs(how, Names());
    }
    pairs_text_ = how;
    CheckGroupNames();
  }

  // The matches of two pairs may not have one name.
  void CheckGroupNames() const {
    std::map<std::string, std::string> seen;
    for (const Photograph& p : photographs_) {
      const std::string group = MatchFileName(p.name);
      const auto [place, added] = seen.emplace(group, p.name);
      if (!added) {
        throw InputError(place->second + " and " + p.name +
                         ": cannot be told apart in hloc's match files; "
                         "rename one");
      }
    }
  }

  void Match() {
    MatchPairsTask task;
    task.names = Names();
    for (const int camera : cameras_.of) {
      task.cameras.push_back(PinholeOf(cameras_.cameras[camera].camera));
      task.focal_known.push_back(cameras_.cameras[camera].focal_known);
    }
    task.pairs = pairs_;
    task.classifier = classifier_ ? &*classifier_ : nullptr;
    task.verify = arguments_.verify;
    MatchMissingPairs(std::move(task), *cache_, *matches_,
                      arguments_.common.quiet);
  }

  // ----------------------------------------------------------------- database

  std::string DatabaseKey() const {
    return KeyOfDatabase(match_attributes_, Names(), cameras_, pairs_);
  }

  void WriteDatabase() {
    const std::string path = In("database.db");
    const std::string key = DatabaseKey();
    const bool done = stages_.Done("database", key) && fs::exists(path);
    std::optional<ColmapDatabaseWriter> writer;
    if (!done) {
      stages_.SetDone("database", "");
      RemoveDatabase(arguments_.folder);
      writer.emplace(path);
      AddPhotographs(*writer, Names(), cameras_, *cache_);
    }
    for (const auto& [i, j] : pairs_) {
      CheckInterrupt();
      const MatchedPair pair =
          matches_->Find(photographs_[i].name, photographs_[j].name).value();
      if (!pair.geometry) {
        throw InputError(In("matches.h5") + ": " + photographs_[i].name +
                         " and " + photographs_[j].name +
                         " have no geometry there; remove the file");
      }
      const ColmapTwoView& geometry = *pair.geometry;
      found_pairs_.push_back({i, j, static_cast<int>(pair.matches.size()),
                              static_cast<int>(geometry.inliers.size()),
                              geometry.configuration});
      if (!writer) continue;
      writer->AddMatches(i + 1, j + 1, IndicesOf(pair.matches));
      writer->AddTwoView(i + 1, j + 1, geometry);
    }
    if (writer) {
      writer->Commit();
      stages_.SetDone("database", key);
    }
    cache_.reset();  // not needed any more
    file_.reset();
    const auto verified = std::count_if(
        found_pairs_.begin(), found_pairs_.end(),
        [](const ReconstructedPair& pair) { return pair.inliers > 0; });
    Say(arguments_.common.quiet,
        fmt::format("database  {} of {} have a geometry{}", verified,
                    Counted(pairs_.size(), "pair"),
                    done ? " (written already)" : ""));
  }

  // -------------------------------------------------------------------- model

  void Map() {
    if (arguments_.no_mapper) return;
    if (!colmap_) {
      notes_.emplace_back(
          "COLMAP was not found, so no model was made: install it (Debian "
          "package colmap) and run the same command again.");
      Say(arguments_.common.quiet, "mapper    skipped: " + notes_.back());
      return;
    }
    const std::string key = StageKey(DatabaseKey() + " " + colmap_->Version());
    if (stages_.Done("model", key) && fs::is_directory(In("sparse"))) {
      Say(arguments_.common.quiet, "mapper    done already");
    } else {
      Stopwatch stopwatch;
      stages_.SetDone("model", "");
      const std::string problem =
          RunMapper(*colmap_, {.photographs = arguments_.photographs,
                               .folder = arguments_.folder,
                               .count = static_cast<int>(photographs_.size()),
                               .quiet = arguments_.common.quiet});
      if (problem.empty()) {
        stages_.SetDone("model", key);
      } else {
        notes_.push_back(problem);
      }
      Say(arguments_.common.quiet,
          fmt::format("mapper    {:.1f} s{}", stopwatch.Lap(),
                      problem.empty() ? "" : ", " + problem));
    }
    ReadModels();
  }

  void ReadModels() {
    for (int number = 0;; ++number) {
      const std::string name = fmt::format("sparse/{}", number);
      if (!fs::is_directory(In(name))) break;
      ColmapModel model = ReadColmapModel(In(name));
      if (model.images.empty()) continue;
      models_.push_back({name, StatisticsOf(model)});
      if (models_.size() == 1) largest_ = std::move(model);
    }
    if (models_.empty()) {
      notes_.emplace_back("COLMAP's mapper found no model.");
      Say(arguments_.common.quiet, "no answer " + notes_.back());
      return;
    }
    for (const auto& [name, s] : models_) {
      Say(arguments_.common.quiet,
          fmt::format("{:<9} {} of {} photographs, {} points, reprojection "
                      "error {:.3f} px, track length {:.2f}",
                      name, s.registered, photographs_.size(), s.points,
                      s.reprojection_error, s.track_length));
    }
  }

  // --------------------------------------------------------------------- page

  std::string CameraText(int photograph) const {
    const auto& [camera, known] = cameras_.cameras[cameras_.of[photograph]];
    const std::string from = !camera_options_.params.empty() ? "given"
                             : known                         ? "EXIF"
                                                             : "guessed";
    return fmt::format("{} {}, focal length {:.0f} px ({})",
                       cameras_.of[photograph] + 1, camera.model,
                       camera.params[0], from);
  }

  void WritePage() const {
    ReconstructionPage page;
    fs::path folder = fs::absolute(arguments_.photographs).lexically_normal();
    if (folder.filename().empty()) folder = folder.parent_path();
    page.title = "Reconstruction of " + folder.filename().string();
    page.version = TIEPOINT_VERSION;
    for (size_t i = 0; i < photographs_.size(); ++i) {
      const Photograph& p = photographs_[i];
      page.photographs.push_back({.name = p.name,
                                  .width = p.width,
                                  .height = p.height,
                                  .keypoints = p.keypoints,
                                  .camera = CameraText(static_cast<int>(i))});
    }
    for (const ReconstructedPair& pair : found_pairs_) {
      if (pair.inliers == 0) continue;
      ++page.photographs[pair.first].pairs;
      ++page.photographs[pair.second].pairs;
    }
    for (const auto& [id, image] : largest_.images) {
      for (ReconstructedPhotograph& p : page.photographs) {
        if (p.name != image.name) continue;
        p.registered = true;
        p.observations = static_cast<int>(
            std::count_if(image.observations.begin(), image.observations.end(),
                          [](const auto& o) { return o.point3D_id >= 0; }));
      }
    }
    page.pairs = found_pairs_;
    page.models = models_;
    page.settings = Settings();
    page.notes = notes_;
    if (!skipped_.empty()) {
      std::string note =
          Counted(skipped_.size(), "photograph") + " could not be used:";
      for (const std::string& name : skipped_) note += " " + name;
      page.notes.push_back(note + ".");
    }
    WriteFileAtomically(In("report.html"), ReconstructionHtml(page));
    Say(arguments_.common.quiet, "report    " + In("report.html"));
  }

  std::vector<std::pair<std::string, std::string>> Settings() const {
    std::vector<std::pair<std::string, std::string>> settings = {
        {"tiepoint", TIEPOINT_VERSION},
        {"photographs", arguments_.photographs}};
    for (const auto& [name, text] : feature_attributes_) {
      if (name != "tiepoint") settings.emplace_back("features: " + name, text);
    }
    settings.emplace_back("pairs", pairs_text_);
    if (pairs_text_ == "sequential") {
      settings.emplace_back("overlap", std::to_string(arguments_.overlap));
    }
    if (pairs_text_ == "retrieval") {
      settings.emplace_back("partners",
                            std::to_string(arguments_.retrieval.partners));
    }
    settings.emplace_back("matching", match_attributes_.at("options"));
    settings.emplace_back("cameras", arguments_.cameras.mode);
    settings.emplace_back("camera model", camera_options_.model);
    settings.emplace_back(
        "mapper",
        colmap_ ? colmap_->Version() + ", defaults, one thread" : "none");
    return settings;
  }

  ReconstructArguments arguments_;
  ReconstructionStages stages_;
  std::vector<PhotographFile> found_;
  std::vector<std::string> skipped_;
  ExtractionTask task_;
  std::map<std::string, std::string> feature_attributes_, match_attributes_;
  std::optional<CorrespondenceClassifier> classifier_;
  std::optional<Colmap> colmap_;
  std::optional<MatchFileWriter> matches_;
  std::optional<FeatureFile> file_;
  std::optional<FeatureCache> cache_;
  std::vector<Photograph> photographs_;
  CameraOptions camera_options_;
  AssignedCameras cameras_;
  std::vector<PhotographPair> pairs_;
  std::string pairs_text_;
  std::vector<ReconstructedPair> found_pairs_;
  std::vector<ReconstructedModel> models_;
  ColmapModel largest_;
  std::vector<std::string> notes_;
};

}  // namespace

int Reconstruct(const ReconstructArguments& arguments) {
  return Reconstruction(arguments).Run();
}
