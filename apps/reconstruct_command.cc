// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "command.h"
#include "extract_photographs.h"
#include "feature_options.h"
#include "progress_line.h"
#include "reconstruction_stages.h"
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

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;
using Json = nlohmann::ordered_json;

// Up to so many photographs all pairs are matched.
constexpr int kAllPairsUpTo = 60;
constexpr int kMaxKeypoints = 4096;
constexpr char kDefaultColmap[] = "colmap";

struct ReconstructArguments {
  CommonOptions common;
  std::string photographs, folder;
  std::string preset = "default";
  ExtractorOptions extractor;
  int max_image_size = 0;
  std::string pairs = "auto";
  int overlap = 10;
  RetrievalOptions retrieval;
  std::string filter = Name(MatchFilter::kLearned);
  double ratio = 0;
  VerifyOptions verify;
  CameraOptions cameras;
  std::string camera_mode = "auto";
  std::string colmap = kDefaultColmap;
  bool no_mapper = false;
};

void Say(const ReconstructArguments& arguments, const std::string& text) {
  if (arguments.common.quiet) return;
  fmt::print("{}\n", text);
  std::fflush(stdout);  // a log that is looked at while it grows
}

std::string Counted(size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

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
    arguments_.cameras.mode = ParseCameraMode(arguments_.camera_mode);
    if (!arguments_.cameras.params.empty()) {
      ParseColmapCamera(arguments_.cameras.model, arguments_.cameras.params, 2,
                        2);
    } else {
      MakeColmapCamera(arguments_.cameras.model, 1, 2, 2);
    }
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
    matches_.emplace(In("matches.h5"), MatchAttributes());
  }

  void FindColmap() {
    if (arguments_.no_mapper) return;
    if (arguments_.colmap == kDefaultColmap &&
        FindProgram(arguments_.colmap).empty()) {
      return;
    }
    colmap_.emplace(arguments_.colmap);
  }

  std::map<std::string, std::string> MatchAttributes() const {
    Json features;
    for (const auto& [name, text] : feature_attributes_) features[name] = text;
    Json options = {{"filter", arguments_.filter}};
    if (arguments_.verify.filter == MatchFilter::kRatio) {
      options["ratio"] = arguments_.verify.max_ratio;
    }
    if (classifier_) {
      std::ifstream file(
          FindModel(arguments_.extractor.models, kCorrespondenceWeights),
          std::ios::binary);
      options["weights"] = StageKey({std::istreambuf_iterator<char>(file), {}});
    }
    options["max_error"] = arguments_.verify.max_error;
    options["min_inliers"] = arguments_.verify.min_inliers;
    options["seed"] = arguments_.verify.seed;
    if (!arguments_.cameras.params.empty()) {
      options["camera"] =
          arguments_.cameras.model + " " + arguments_.cameras.params;
    }
    return {{"tiepoint", TIEPOINT_VERSION},
            {"features", StageKey(features.dump())},
            {"options", options.dump()}};
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
    if (summary.extracted > 0) {
      Say(arguments_,
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
    cameras_ = AssignCameras(sized, arguments_.cameras);
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
      const std::string group = PairGroupName(p.name, "");
      const auto [place, added] = seen.emplace(group, p.name);
      if (!added) {
        throw InputError(place->second + " and " + p.name +
                         ": cannot be told apart in hloc's match files; "
                         "rename one");
      }
    }
  }

  void Match() {
    const bool quiet = arguments_.common.quiet;
    MatchPairsTask task;
    task.names = Names();
    for (const int camera : cameras_.of) {
      task.cameras.push_back(PinholeOf(cameras_.cameras[camera].camera));
      task.focal_known.push_back(cameras_.cameras[camera].focal_known);
    }
    task.pairs = pairs_;
    task.classifier = classifier_ ? &*classifier_ : nullptr;
    task.verify = arguments_.verify;
    const auto missing = static_cast<size_t>(
        std::count_if(pairs_.begin(), pairs_.end(), [&](const auto& pair) {
          return !matches_->Has(task.names[pair.first],
                                task.names[pair.second]);
        }));
    if (missing < pairs_.size()) {
      Say(arguments_, fmt::format("{} of {} pairs are in {} already",
                                  pairs_.size() - missing, pairs_.size(),
                                  In("matches.h5")));
    }
    const ProgressLine line(quiet);
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    auto last = begin;
    line.Count(0, static_cast<int>(missing), "matching");
    task.done = [&](int done, int total, PhotographPair pair,
                    const PairMatches&) {
      const auto now = Clock::now();
      const double seconds = std::chrono::duration<double>(now - begin).count();
      const double rate = seconds > 0 ? done / seconds : 0;
      line.Count(done, total,
                 fmt::format("{:.1f} pairs/s, {} - {}", rate,
                             task.names[pair.first], task.names[pair.second]));
      if (quiet || line.Shown()) return;
      if (done < total && now - last < std::chrono::seconds(5)) return;
      last = now;
      Say(arguments_, fmt::format("[{}/{}] pairs matched, {:.1f} a second",
                                  done, total, rate));
    };
    MatchPairs(task, *cache_, *matches_);
    line.Show("");
    const double seconds =
        std::chrono::duration<double>(Clock::now() - begin).count();
    if (missing > 0) {
      Say(arguments_, fmt::format("matches   {}, {:.1f} s",
                                  Counted(missing, "pair"), seconds));
    }
  }

  // ----------------------------------------------------------------- database

  // All that the database depends on.
  std::string DatabaseKey() const {
    std::string text = "database 1\n";
    for (const auto& [name, value] : MatchAttributes()) {
      text += name + " " + value + "\n";
    }
    for (size_t i = 0; i < photographs_.size(); ++i) {
      text += fmt::format("{} {}\n", photographs_[i].name, cameras_.of[i]);
    }
    for (const auto& [camera, known] : cameras_.cameras) {
      text += fmt::format("{} {} {} {}", camera.model, camera.width,
                          camera.height, known);
      for (const double value : camera.params)
        text += fmt::format(" {}", value);
      text += "\n";
    }
    for (const auto& [i, j] : pairs_) text += fmt::format("{} {}\n", i, j);
    return StageKey(text);
  }

  void WriteDatabase() {
    const std::string path = In("database.db");
    const std::string key = DatabaseKey();
    const bool done = stages_.Done("database", key) && fs::exists(path);
    if (!done) RemoveDatabase();
    std::optional<ColmapDatabaseWriter> writer;
    if (!done) writer.emplace(path);
    if (writer) AddPhotographs(*writer);
    for (const auto& [i, j] : pairs_) {
      CheckInterrupt();
      const PairMatches pair =
          matches_->Read(photographs_[i].name, photographs_[j].name);
      found_pairs_.push_back({i, j, static_cast<int>(pair.matches.size()),
                              static_cast<int>(pair.geometry.inliers.size()),
                              pair.geometry.configuration});
      if (!writer) continue;
      writer->AddMatches(i + 1, j + 1, pair.matches);
      writer->AddTwoViewGeometry(i + 1, j + 1, pair.geometry);
    }
    if (writer) {
      writer->Commit();
      stages_.SetDone("database", key);
    }
    const auto verified = std::count_if(
        found_pairs_.begin(), found_pairs_.end(),
        [](const ReconstructedPair& pair) { return pair.inliers > 0; });
    Say(arguments_, fmt::format("database  {} of {} have a geometry{}",
                                verified, Counted(pairs_.size(), "pair"),
                                done ? " (written already)" : ""));
  }

  void AddPhotographs(ColmapDatabaseWriter& writer) {
    for (const auto& [camera, known] : cameras_.cameras) {
      writer.AddCamera(camera, known);
    }
    for (size_t i = 0; i < photographs_.size(); ++i) {
      CheckInterrupt();
      FeatureSet keypoints;
      keypoints.keypoints = cache_->Of(static_cast<int>(i))->keypoints;
      writer.AddImage(photographs_[i].name, cameras_.of[i] + 1, keypoints);
    }
  }

  // With what SQLite and writers that were killed left beside it.
  void RemoveDatabase() const {
    std::vector<fs::path> old;
    for (const auto& entry : fs::directory_iterator(arguments_.folder)) {
      if (entry.path().filename().string().starts_with("database.db")) {
        old.push_back(entry.path());
      }
    }
    for (const fs::path& path : old) Remove(path);
  }

  static void Remove(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) throw InputError(path.string() + ": " + error.message());
  }

  // -------------------------------------------------------------------- model

  void Map() {
    if (arguments_.no_mapper) return;
    if (!colmap_) {
      notes_.push_back(
          "COLMAP was not found, so no model was made: install it (Debian "
          "package colmap) and run the same command again.");
      Say(arguments_, "mapper    skipped: " + notes_.back());
      return;
    }
    const std::string key = StageKey(DatabaseKey() + " " + colmap_->Version());
    if (stages_.Done("model", key) && fs::is_directory(In("sparse"))) {
      Say(arguments_, "mapper    done already");
    } else {
      RunMapper(key);
    }
    ReadModels();
  }

  // Into a folder of its own: a mapper that outlives a killed program writes
  // nothing into the next one's.
  void RunMapper(const std::string& key) {
    std::vector<fs::path> old = {In("sparse")};
    for (const auto& entry : fs::directory_iterator(arguments_.folder)) {
      if (entry.path().filename().string().starts_with("mapper.")) {
        old.push_back(entry.path());
      }
    }
    for (const fs::path& path : old) Remove(path);
    const std::string work = In(fmt::format("mapper.{}.part", getpid()));
    EnsureWritableFolder(work);
    Stopwatch stopwatch;
    std::string problem;
    {
      const MapperProgress progress(arguments_.common.quiet,
                                    work + "/mapper.log",
                                    static_cast<int>(photographs_.size()));
      problem = colmap_->Map(In("database.db"), arguments_.photographs, work,
                             {.program = arguments_.colmap,
                              .threads = 1,
                              .fixed_intrinsics = false,
                              .colours = true});
    }
    std::error_code ignored;
    fs::rename(work + "/mapper.log", In("mapper.log"), ignored);
    if (problem.empty() || fs::exists(work + "/sparse/0")) {
      LargestFirst(work + "/sparse");
      fs::rename(work + "/sparse", In("sparse"));
      stages_.SetDone("model", key);
    }
    Remove(work);
    if (!problem.empty()) notes_.push_back(problem);
    Say(arguments_, fmt::format("mapper    {:.1f} s{}", stopwatch.Lap(),
                                problem.empty() ? "" : ", " + problem));
  }

  // sparse/0 becomes the largest model, where COLMAP's users look first.
  static void LargestFirst(const std::string& sparse) {
    const std::string parent = fs::path(sparse).parent_path();
    const auto largest = LargestModel(parent);
    if (!largest || fs::path(largest->folder).filename() == "0") return;
    fs::rename(sparse + "/0", sparse + "/other");
    fs::rename(largest->folder, sparse + "/0");
    fs::rename(sparse + "/other", largest->folder);
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
      Say(arguments_, "no answer " + notes_.back());
      return;
    }
    for (const auto& [name, s] : models_) {
      Say(arguments_,
          fmt::format("{:<9} {} of {} photographs, {} points, reprojection "
                      "error {:.3f} px, track length {:.2f}",
                      name, s.registered, photographs_.size(), s.points,
                      s.reprojection_error, s.track_length));
    }
  }

  // Says how many photographs are registered while the mapper runs.
  class MapperProgress {
   public:
    MapperProgress(bool quiet, const std::string& log, int total)
        : line_(quiet) {
      if (!line_.Shown()) return;
      thread_ = std::jthread([this, log, total](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          line_.Count(Registered(log), total, "mapping");
          std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
      });
    }

   private:
    static int Registered(const std::string& log) {
      std::ifstream file(log);
      int count = 0;
      for (std::string text; std::getline(file, text);) {
        if (text.starts_with("Initializing with image pair")) count = 2;
        if (text.starts_with("Registering image")) ++count;
      }
      return count;
    }

    ProgressLine line_;
    std::jthread thread_;
  };

  // --------------------------------------------------------------------- page

  std::string CameraText(int photograph) const {
    const auto& [camera, known] = cameras_.cameras[cameras_.of[photograph]];
    const std::string from = !arguments_.cameras.params.empty() ? "given"
                             : known                            ? "EXIF"
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
    Say(arguments_, "report    " + In("report.html"));
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
    settings.emplace_back("matching", MatchAttributes().at("options"));
    settings.emplace_back("cameras", arguments_.camera_mode);
    settings.emplace_back("camera model", arguments_.cameras.model);
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
  std::map<std::string, std::string> feature_attributes_;
  std::optional<CorrespondenceClassifier> classifier_;
  std::optional<Colmap> colmap_;
  std::optional<MatchFile> matches_;
  std::optional<FeatureFile> file_;
  std::optional<FeatureCache> cache_;
  std::vector<Photograph> photographs_;
  AssignedCameras cameras_;
  std::vector<PhotographPair> pairs_;
  std::string pairs_text_;
  std::vector<ReconstructedPair> found_pairs_;
  std::vector<ReconstructedModel> models_;
  ColmapModel largest_;
  std::vector<std::string> notes_;
};

int RunReconstruct(const ReconstructArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  return Reconstruction(arguments).Run();
}

void AddCameraOptions(CLI::App& command, ReconstructArguments& arguments) {
  const char* const group = "Cameras";
  command
      .add_option("--camera-model", arguments.cameras.model,
                  "SIMPLE_PINHOLE, PINHOLE, SIMPLE_RADIAL, RADIAL or OPENCV")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--camera-params", arguments.cameras.params,
                  "Parameters of all cameras as COLMAP orders them (f,cx,cy,k "
                  "for SIMPLE_RADIAL); else the focal length from EXIF, or 1.2 "
                  "times the longer side. The mapper refines them")
      ->type_name("N,N,...")
      ->group(group);
  command
      .add_option("--camera-mode", arguments.camera_mode,
                  "Which photographs share a camera: auto (those of a folder "
                  "with the same size and EXIF focal length), single, "
                  "per-folder, per-image")
      ->type_name("MODE")
      ->capture_default_str()
      ->group(group);
}

void AddMatchingOptions(CLI::App& command, ReconstructArguments& arguments) {
  const char* const group = "Pairs and matches";
  command
      .add_option("--pairs", arguments.pairs,
                  "all, sequential, retrieval, or a file with two names a "
                  "line; auto: all up to 60 photographs, else retrieval")
      ->type_name("HOW|FILE")
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--overlap", arguments.overlap,
                  "sequential: each photograph with so many after it")
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--partners", arguments.retrieval.partners,
                  "retrieval: each photograph with so many that look most like "
                  "it")
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--filter", arguments.filter,
                  "What tells right matches from wrong ones: learned (a "
                  "network), ratio, gms or none")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--ratio", arguments.ratio,
                  "Largest ratio of the nearest and the second distance, with "
                  "--filter ratio; 0: that of the preset")
      ->check(CLI::Range(0.0, 1.0).description(""))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--max-error", arguments.verify.max_error,
                  "Largest error of an inlier of a pair, pixels")
      ->type_name("PIXELS")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--min-inliers", arguments.verify.min_inliers,
                  "Pairs with fewer have no geometry")
      ->type_name("N")
      ->check(CLI::Range(8, 1000000).description(""))
      ->capture_default_str()
      ->group(group);
}

}  // namespace

void AddReconstructCommand(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<ReconstructArguments>();
  CLI::App* command = app.add_subcommand(
      "reconstruct", "From a folder of photographs to a sparse model (COLMAP)");
  command
      ->add_option("PHOTOS", arguments->photographs,
                   "Folder that is searched for photographs")
      ->required();
  command
      ->add_option("-o,--output", arguments->folder,
                   "Folder for features.h5, matches.h5, database.db, sparse/ "
                   "and report.html")
      ->type_name("DIR")
      ->required();
  AddPresetOption(*command, arguments->preset);
  arguments->extractor.max_keypoints = kMaxKeypoints;
  AddExtractorOptions(*command, arguments->extractor);
  AddMaxImageSizeOption(*command, arguments->max_image_size);
  AddMatchingOptions(*command, *arguments);
  AddCameraOptions(*command, *arguments);
  command
      ->add_option("--colmap", arguments->colmap,
                   "The program COLMAP; where there is none, all but the model "
                   "is made")
      ->type_name("PROGRAM")
      ->capture_default_str();
  command->add_flag("--no-mapper", arguments->no_mapper,
                    "Stop when the database is written");
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "A run that was stopped, or killed, goes on where it was when the same "
      "command is\ngiven again, and ends with the same result.\n\n"
      "Examples:\n"
      "  tiepoint reconstruct photos -o model\n"
      "  tiepoint reconstruct video_frames -o model --pairs sequential "
      "--camera-mode single\n"
      "  colmap gui --database_path model/database.db --image_path photos "
      "--import_path model/sparse/0\n");
  command->callback([arguments, &context] {
    context.exit_code = RunReconstruct(*arguments);
  });
}
