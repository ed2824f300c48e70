// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "choices.h"
#include "command.h"
#include "evaluation/homography.h"
#include "evaluation/matching.h"
#include "evaluation/patch_set_from_sfm.h"
#include "evaluation/patches.h"
#include "evaluation/pose.h"
#include "evaluation/repeatability.h"
#include "evaluation/sfm.h"
#include "evaluation/sweep.h"
#include "evaluation_record.h"
#include "feature_options.h"
#include "progress_line.h"
#include "tiepoint/base/error.h"
#ifdef TIEPOINT_WITH_TRAINING
#include "evaluation/parity.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/image/read_image.h"
#include "training/torch_runner.h"
#endif

namespace {

using namespace tiepoint;
using ProtocolPtr = std::unique_ptr<Protocol>;

// The bars of --check.
constexpr double kSmallestPrecision = 0.8;  // of matches, at every angle
constexpr double kFullestBin = 0.5;         // of keypoints in 30 degrees

// Photographs are reduced to this longer side, where the protocol says nothing
// else.
constexpr int kImageSize = 1024;

const std::map<std::string, SfmIntrinsics> kIntrinsics = {
    {"auto", SfmIntrinsics::kAuto},
    {"known", SfmIntrinsics::kKnown},
    {"prior", SfmIntrinsics::kPrior}};

struct EvaluateArguments {
  CommonOptions common;
  std::vector<std::string> presets = {"default", "rootsift"};
  std::vector<std::string> features;  // files, each "FILE" or "LABEL=FILE"
  ExtractorOptions extractor;
  int max_image_size = -1;  // -1: of the protocol
  int runs = 5;
  EvaluationFiles files;
  std::string cache = DefaultCacheFolder();
  bool no_cache = false;
  int pictures = 3;
  std::string baseline;
  bool check = false;
  bool one_a_set = false;  // sweeps: the first photograph of each set alone
  std::vector<std::string> folders;
  // One protocol each.
  ImagePairOptions pairs;
  std::string homography_estimator = "magsac";
  RotationOptions rotation;
  ScaleOptions scale;
  PatchesOptions patches;
  PoseProtocolOptions pose;
  SfmOptions sfm;
  std::string sfm_filter = "ratio";
  std::string sfm_intrinsics = "auto";
  double ratio = 0;
  std::string filter = "none";

  int ImageSize(int of_protocol) const {
    return max_image_size < 0 ? of_protocol : max_image_size;
  }
};

// --------------------------------------------------------------- protocols

ProtocolPtr MakeRepeatability(const EvaluateArguments& a) {
  RepeatabilityOptions options;
  options.pairs = a.pairs;
  options.image_size = {a.ImageSize(kImageSize), a.ImageSize(0)};
  return MakeRepeatabilityProtocol(a.folders, options);
}

FilteredMatcherOptions Filtered(const EvaluateArguments& a,
                                const std::string& filter) {
  FilteredMatcherOptions options;
  options.filter = ParseMatchFilter(filter);
  options.max_ratio = a.ratio;
  if (options.filter == MatchFilter::kLearned) {
    options.classifier = FindModel(a.extractor.models, kCorrespondenceWeights);
  }
  return options;
}

ProtocolPtr MakeMatching(const EvaluateArguments& a) {
  MatchingOptions options;
  options.matching = Filtered(a, a.filter);
  options.pairs = a.pairs;
  options.image_size = {a.ImageSize(kImageSize), a.ImageSize(0)};
  return MakeMatchingProtocol(a.folders, options);
}

ProtocolPtr MakeHomography(const EvaluateArguments& a) {
  HomographyOptions options;
  options.matching = Filtered(a, a.filter);
  options.pairs = a.pairs;
  options.image_size = {a.ImageSize(kImageSize), a.ImageSize(0)};
  options.estimator = ParseHomographyEstimator(a.homography_estimator);
  options.runs = a.runs;
  options.seed = a.common.seed;
  return MakeHomographyProtocol(a.folders, options);
}

ProtocolPtr MakeRotation(const EvaluateArguments& a) {
  RotationOptions options = a.rotation;
  options.matching = Filtered(a, a.filter);
  options.one_a_set = a.one_a_set;
  options.max_image_size = a.ImageSize(kImageSize);
  return MakeRotationProtocol(a.folders, options);
}

ProtocolPtr MakeScale(const EvaluateArguments& a) {
  ScaleOptions options = a.scale;
  options.matching = Filtered(a, a.filter);
  options.one_a_set = a.one_a_set;
  // Four times 1024 pixels a side would take most of the time of `all`.
  options.max_image_size = a.ImageSize(a.one_a_set ? 640 : kImageSize);
  return MakeScaleProtocol(a.folders, options);
}

ProtocolPtr MakePatches(const EvaluateArguments& a) {
  PatchesOptions options = a.patches;
  options.seed = a.common.seed;
  return MakePatchesProtocol(a.folders, options);
}

ProtocolPtr MakePose(const EvaluateArguments& a) {
  PoseProtocolOptions options = a.pose;
  options.max_ratio = a.ratio;
  options.max_image_size = a.ImageSize(kImageSize);
  options.runs = a.runs;
  options.seed = a.common.seed;
  const bool learned =
      std::any_of(options.estimators.begin(), options.estimators.end(),
                  [](const auto& name) { return name.starts_with("learned"); });
  if (learned && options.classifier.empty()) {
    options.classifier = FindModel(a.extractor.models, "correspondence");
  }
  return MakePoseProtocol(a.folders, options);
}

ProtocolPtr MakeSfm(const EvaluateArguments& a) {
  SfmOptions options = a.sfm;
  options.matching = Filtered(a, a.sfm_filter);
  options.max_image_size = a.ImageSize(0);
  options.intrinsics = kIntrinsics.at(a.sfm_intrinsics);
  if (!a.common.quiet) {
    // Over the progress line, which comes again with the next step.
    options.report = [](const std::string& text) {
      fmt::print(stderr, "{}{}\n", isatty(2) != 0 ? "\r\033[K" : "", text);
    };
  }
  return MakeSfmProtocol(a.folders, options);
}

struct NamedProtocol {
  const char* name;
  ProtocolPtr (*make)(const EvaluateArguments&);
};
constexpr NamedProtocol kProtocols[] = {
    {"repeatability", MakeRepeatability},
    {"matching", MakeMatching},
    {"homography", MakeHomography},
    {"rotation", MakeRotation},
    {"scale", MakeScale},
    {"pose", MakePose},
    {"patches", MakePatches},
    {"sfm", MakeSfm},
};

std::vector<ProtocolPtr> MakeOne(const EvaluateArguments& arguments,
                                 const std::string& name) {
  std::vector<ProtocolPtr> protocols;
  for (const NamedProtocol& protocol : kProtocols) {
    if (name == protocol.name) protocols.push_back(protocol.make(arguments));
  }
  return protocols;
}

// Every protocol that finds its kind of truth in the folders.
std::vector<ProtocolPtr> MakeAll(const EvaluateArguments& arguments) {
  std::vector<ProtocolPtr> protocols;
  for (const NamedProtocol& protocol : kProtocols) {
    try {
      protocols.push_back(protocol.make(arguments));
    } catch (const InputError& error) {
      if (!arguments.common.quiet) {
        fmt::print("{} is left out: {}\n", protocol.name, error.what());
      }
    }
  }
  if (protocols.empty()) {
    throw InputError("--data: nothing here that a protocol can be run on");
  }
  return protocols;
}

// ----------------------------------------------------------------- methods

std::vector<std::unique_ptr<FeatureSource>> MakeSources(
    const EvaluateArguments& arguments, bool keypoints_only) {
  FeatureSourceOptions options;
  options.extractor = arguments.extractor;
  options.cache = arguments.no_cache ? "" : arguments.cache;
  options.keypoints_only = keypoints_only;
  options.version = TIEPOINT_VERSION;
  std::vector<std::string> names = arguments.presets;
  for (const std::string& file : arguments.features) {
    const size_t equals = file.find('=');
    names.push_back(equals == std::string::npos
                        ? "external:" + file
                        : file.substr(0, equals) +
                              "=external:" + file.substr(equals + 1));
  }
  std::vector<std::unique_ptr<FeatureSource>> sources;
  for (const std::string& name : names) {
    if (name.empty()) continue;  // --presets ""
    sources.push_back(MakeFeatureSource(name, options));
  }
  if (sources.empty()) {
    throw InputError("nothing to evaluate: give --presets or --features");
  }
  return sources;
}

// ------------------------------------------------------------------ checks

const Column* FindColumn(const ProtocolResult& result, const std::string& key) {
  for (const Column& column : result.columns) {
    if (column.key == key) return &column;
  }
  throw std::logic_error("no column " + key);
}

const MethodResult* FindMethod(const ProtocolResult& result,
                               const std::string& label) {
  for (const MethodResult& method : result.methods) {
    if (method.label == label) return &method;
  }
  return nullptr;
}

// No fewer correct matches than RootSIFT.
bool CheckMatching(const ProtocolResult& result, bool quiet) {
  const MethodResult* rootsift = FindMethod(result, "rootsift");
  if (rootsift == nullptr) {
    throw InputError("--check compares with rootsift: add it to --presets");
  }
  const MethodResult& first = result.methods.front();
  const Column& correct = *FindColumn(result, "correct_3");
  const double ours = Summarize(result, first, correct, {}).value;
  const double theirs = Summarize(result, *rootsift, correct, {}).value;
  const bool reached = ours >= theirs;
  if (!quiet) {
    fmt::print("\ncheck: {} has {:.0f} correct matches, rootsift {:.0f}: {}\n",
               first.label, ours, theirs, reached ? "passed" : "failed");
  }
  return reached;
}

// Enough correct matches at every angle of every photograph, and orientations
// that look at the picture.
bool CheckRotation(const ProtocolResult& result, bool quiet) {
  const MethodResult& first = result.methods.front();
  double smallest = 1, fullest = 0;
  for (const Measurement& measurement : first.measurements) {
    smallest = std::min(smallest, measurement.at("precision").front());
    const double bin = measurement.at("fullest_bin").front();
    if (bin == bin) fullest = std::max(fullest, bin);
  }
  const bool reached =
      smallest >= kSmallestPrecision && fullest > 0 && fullest <= kFullestBin;
  if (!quiet) {
    fmt::print(
        "\ncheck: {}: at least {:.1f} % correct at every angle (bar {:.0f} %), "
        "at most {:.1f} % of the angles within 30 degrees (bar {:.0f} %): "
        "{}\n",
        first.label, 100 * smallest, 100 * kSmallestPrecision, 100 * fullest,
        100 * kFullestBin, reached ? "passed" : "failed");
  }
  return reached;
}

// --------------------------------------------------------------------- run

int RunEvaluation(const EvaluateArguments& arguments, const std::string& name) {
  ApplyCommonOptions(arguments.common);
  CheckWritable(arguments.files);
  const bool all = name == "all";
  const auto protocols = all ? MakeAll(arguments) : MakeOne(arguments, name);
  const auto sources = MakeSources(arguments, name == "repeatability");
  const ReportOptions report_options{arguments.baseline, arguments.common.seed};
  const bool quiet = arguments.common.quiet;

  Report report;
  for (const ProtocolPtr& protocol : protocols) {
    const ProgressLine line(quiet);
    RunOptions options;
    options.cache = arguments.no_cache ? "" : arguments.cache;
    options.pictures = arguments.files.html.empty() ? 0 : arguments.pictures;
    options.progress = [&](int done, int total, const std::string& what) {
      line.Count(done, total, protocol->Name() + ": " + what);
    };
    report.sections.push_back(MakeReportSection(
        RunProtocol(*protocol, sources, options), report_options));
    if (quiet) continue;
    line.Show("");
    fmt::print("{}\n", TextTable(report.sections.back()));
    std::fflush(stdout);
  }

  bool reached = true;
  if (arguments.check) {
    const ProtocolResult& result = report.sections.front().result;
    reached = name == "matching" ? CheckMatching(result, quiet)
                                 : CheckRotation(result, quiet);
  }
  report.head = MakeReportHead(all ? "Tiepoint evaluation"
                                   : "Tiepoint evaluation: " + name);
  for (const std::string& path : WriteEvaluation(report, arguments.files)) {
    if (!quiet) fmt::print("written  {}\n", path);
  }
  return reached ? kExitAnswer : kExitNoAnswer;
}

// ----------------------------------------------------------------- options

void AddEvaluationOptions(CLI::App& command, EvaluateArguments& arguments) {
  const char* const features = "Features";
  command
      .add_option("--presets", arguments.presets,
                  "Presets, detector/orientation/descriptor, or imported:FILE, "
                  "by commas; NAME@int8, NAME@bf16, NAME@f32: in that "
                  "precision, to see what each costs")
      ->delimiter(',')
      ->type_name("NAMES")
      ->check(Suggested(PresetNames()))
      ->capture_default_str()
      ->group(features);
  command
      .add_option("--features", arguments.features,
                  "Features of other programs: a file of hloc or of `tiepoint "
                  "extract`, FILE or LABEL=FILE, by commas")
      ->delimiter(',')
      ->type_name("FILES")
      ->group(features);
  AddExtractorOptions(command, arguments.extractor);
  command
      .add_option("--max-image-size", arguments.max_image_size,
                  "Photographs are reduced to this longer side, and errors "
                  "measured in its pixels; 0: as stored. Without it 1024; as "
                  "stored for fixed cameras and sfm")
      ->type_name("PIXELS")
      ->check(CLI::NonNegativeNumber.description(""))
      ->group(features);

  const char* const output = "Output";
  command.add_option("--json", arguments.files.json, "Everything, as JSON")
      ->type_name("FILE")
      ->group(output);
  command.add_option("--csv", arguments.files.csv, "Every measurement, as CSV")
      ->type_name("FILE")
      ->group(output);
  command
      .add_option("--report", arguments.files.html,
                  "A page with tables, curves and the worst items, as HTML")
      ->type_name("FILE")
      ->group(output);
  command
      .add_option("--markdown", arguments.files.markdown,
                  "The tables, as Markdown")
      ->type_name("FILE")
      ->group(output);
  command
      .add_option("--pictures", arguments.pictures,
                  "Worst items of each method that --report shows")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str()
      ->group(output);
  command
      .add_option("--baseline", arguments.baseline,
                  "Method that the others are compared with; else rootsift, "
                  "else the first")
      ->type_name("LABEL")
      ->group(output);
  command
      .add_option("--cache", arguments.cache,
                  "Folder that keeps features and measurements, so that the "
                  "same command goes on where it stopped")
      ->type_name("DIR")
      ->capture_default_str()
      ->group(output);
  command
      .add_flag("--no-cache", arguments.no_cache, "Keep nothing between runs")
      ->group(output);
  AddCommonOptions(command, arguments.common);
}

void AddRuns(CLI::App& command, EvaluateArguments& arguments) {
  command
      .add_option("--runs", arguments.runs,
                  "Seeds and orders of the matches that each estimate is "
                  "repeated with")
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""))
      ->capture_default_str();
}

void AddPairs(CLI::App& command, EvaluateArguments& arguments) {
  command
      .add_option("--pairs", arguments.pairs.names,
                  "Only these pairs of each sequence, e.g. 1-2 or 1-2,1-3")
      ->delimiter(',')
      ->type_name("PAIRS");
}

void AddFilterOption(CLI::App& command, std::string& filter) {
  command
      .add_option("--filter", filter,
                  "Which mutual matches are judged: none (all), ratio (that of "
                  "the preset) or learned (the network of --models)")
      ->check(OneOf({"none", "ratio", "learned"}))
      ->capture_default_str();
}

void AddFilter(CLI::App& command, EvaluateArguments& arguments) {
  AddFilterOption(command, arguments.filter);
}

void AddSfmFilter(CLI::App& command, EvaluateArguments& arguments) {
  AddFilterOption(command, arguments.sfm_filter);
}

void AddRatio(CLI::App& command, EvaluateArguments& arguments) {
  command
      .add_option("--ratio", arguments.ratio,
                  "Largest ratio of the nearest and the second distance (pose: "
                  "of ratio+ estimators); 0: that of the preset; 1: any")
      ->capture_default_str();
}

void AddPoseOptions(CLI::App& command, EvaluateArguments& arguments) {
  PoseProtocolOptions& pose = arguments.pose;
  command
      .add_option("--estimators", pose.estimators,
                  "[ratio+|gms+|learned+] eightpoint, regression, ransac, "
                  "magsac, guided or tiepoint, by commas")
      ->delimiter(',')
      ->type_name("NAMES")
      ->check(Suggested({"eightpoint", "regression", "ransac", "magsac",
                         "guided", "tiepoint", "ratio+magsac", "gms+ransac",
                         "learned+guided", "learned+regression"}))
      ->capture_default_str();
  command
      .add_option("--min-angle", pose.pairs.min_angle,
                  "Between the two views, degrees")
      ->capture_default_str();
  command.add_option("--max-angle", pose.pairs.max_angle, "The same")
      ->capture_default_str();
  command
      .add_option("--max-pairs", pose.pairs.max_pairs,
                  "Pairs of a sequence, spread evenly; 0: all")
      ->capture_default_str();
  command
      .add_option("--correspondence", pose.classifier,
                  "Weights of the network of learned+ estimators; else that of "
                  "--models")
      ->type_name("FILE");
  command
      .add_option("--outliers", pose.outliers,
                  "Leave matches out at random until this share is wrong; 0: "
                  "take them as they are")
      ->type_name("SHARE")
      ->capture_default_str();
  command
      .add_option("--list-images", pose.pairs.list_images,
                  "Folder of the photographs that pair lists name")
      ->type_name("DIR");
}

void AddSfmOptions(CLI::App& command, EvaluateArguments& arguments) {
  SfmOptions& sfm = arguments.sfm;
  command.add_option("--colmap", sfm.colmap, "The program COLMAP")
      ->capture_default_str();
  command
      .add_option("--colmap-threads", sfm.threads,
                  "Threads of COLMAP; with more than one its models are not "
                  "the same from run to run")
      ->capture_default_str();
  command
      .add_option("--intrinsics", arguments.sfm_intrinsics,
                  "known: the truth's; prior: from EXIF or 1.2 times the "
                  "longer side, refined; auto: known where there is truth")
      ->check(OneOf({"auto", "known", "prior"}))
      ->capture_default_str();
  command
      .add_option("--neighbours", sfm.neighbours,
                  "Match each photograph with this many nearest ones by name; "
                  "0: all pairs")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str();
  command
      .add_option("--max-photographs", sfm.max_photographs,
                  "Scenes with more photographs are left out; 0: none")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str();
  command
      .add_option("--min-matches", sfm.min_matches,
                  "Pairs with fewer matches are dropped")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str();
  command.add_option("--work", sfm.work_folder,
                     "Keep databases, models and COLMAP's output here");
}

using AddOptions = void (*)(CLI::App&, EvaluateArguments&);

// One subcommand; `positional`: photographs may be named without --data.
void AddProtocol(CLI::App& evaluate, CommandContext& context,
                 const std::string& name, const std::string& text,
                 const std::string& data, const std::string& example,
                 const std::vector<AddOptions>& more, bool positional = false) {
  const auto arguments = std::make_shared<EvaluateArguments>();
  if (name == "all") {
    arguments->one_a_set = true;
    arguments->rotation.step = 30;
    arguments->sfm.max_photographs = 20;
    arguments->sfm.only_with_truth = true;
    arguments->pose.estimators = {"magsac", "ratio+magsac", "learned+guided",
                                  "learned+regression"};
  }
  CLI::App* command = evaluate.add_subcommand(name, text);
  command
      ->add_option(positional ? "--data,PHOTOGRAPHS" : "--data",
                   arguments->folders, data)
      ->type_name("PATH")
      ->required();
  for (const AddOptions& add : more) add(*command, *arguments);
  if (name == "matching" || name == "rotation") {
    command->add_flag(
        "--check", arguments->check,
        name == "matching"
            ? "Exit with 1 when the first preset has fewer correct matches (3 "
              "px, mean) than rootsift"
            : "Exit with 1 unless the first preset has 80 % of its matches "
              "correct at every angle and no 30 degrees hold more than half of "
              "its angles");
  }
  AddEvaluationOptions(*command, *arguments);
  command->footer("Example:\n  tiepoint evaluate " + name + " " + example);
  command->callback([arguments, name, &context] {
    context.exit_code = RunEvaluation(*arguments, name);
  });
}

#ifdef TIEPOINT_WITH_TRAINING
// Inference beside LibTorch on the same weights and the same photograph.
int RunParity(const EvaluateArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  const std::string& path = arguments.folders.front();
  const Image image =
      ReadImage(path, {.max_image_size = arguments.ImageSize(kImageSize)});
  bool holds = true;
  Json records = Json::array();
  for (const std::string& name : arguments.presets) {
    const ParityReport r = CompareImplementations(
        image.gray, ParsePreset(name), arguments.extractor, RunTorch);
    fmt::print(
        "{}  {} x {}\n"
        "  keypoints    {} by oneDNN, {} by LibTorch, {} without a partner "
        "within 0.01 px\n"
        "  scores       differ by {:.2g} of the largest\n"
        "  angles       differ by {:.2g} radians\n"
        "  descriptors  differ by {:.2g} of the largest entry (bar 1e-4)\n",
        name, image.gray.width, image.gray.height, r.keypoints,
        r.keypoints_reference, r.keypoints_unequal, r.max_score_difference,
        r.max_angle_difference, r.max_descriptor_difference);
    records.push_back(
        {{"preset", name},
         {"image", path},
         {"keypoints", r.keypoints},
         {"keypoints_libtorch", r.keypoints_reference},
         {"keypoints_unequal", r.keypoints_unequal},
         {"max_score_difference", r.max_score_difference},
         {"max_angle_difference", r.max_angle_difference},
         {"max_descriptor_difference", r.max_descriptor_difference},
         {"version", TIEPOINT_VERSION}});
    holds = holds && r.Holds();
  }
  if (!arguments.files.json.empty()) {
    WriteFileAtomically(arguments.files.json, records.dump(2) + "\n");
  }
  return holds || !arguments.check ? kExitAnswer : kExitNoAnswer;
}

void AddParity(CLI::App& evaluate, CommandContext& context) {
  const auto arguments = std::make_shared<EvaluateArguments>();
  arguments->presets = {"default"};
  CLI::App* command = evaluate.add_subcommand(
      "parity", "Inference against LibTorch on the same weights");
  command->add_option("IMAGE", arguments->folders, "Photograph")
      ->required()
      ->expected(1);
  command->add_flag("--check", arguments->check,
                    "Exit with 1 unless the keypoint sets are equal and the "
                    "descriptors within 1e-4");
  command->add_option("--presets", arguments->presets, "Presets, by commas")
      ->delimiter(',')
      ->type_name("NAMES")
      ->check(Suggested(PresetNames()))
      ->capture_default_str();
  AddExtractorOptions(*command, arguments->extractor);
  AddMaxImageSizeOption(*command, arguments->max_image_size);
  command->add_option("--json", arguments->files.json,
                      "Write everything here as JSON");
  AddCommonOptions(*command, arguments->common);
  command->footer("Example:\n  tiepoint evaluate parity photo.jpg --check");
  command->callback(
      [arguments, &context] { context.exit_code = RunParity(*arguments); });
}
#endif

// A set of patches for `evaluate patches` from a reconstruction.
void AddPatchSet(CLI::App& evaluate, CommandContext& context) {
  struct Arguments {
    CommonOptions common;
    std::string model, images, output;
    SfmPatchOptions options;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = evaluate.add_subcommand(
      "patch-set",
      "Make a set of patches (Brown/UBC form) from a COLMAP model");
  command->add_option("MODEL", arguments->model, "Folder of the sparse model")
      ->type_name("DIR")
      ->required();
  command->add_option("IMAGES", arguments->images, "Folder of its photographs")
      ->type_name("DIR")
      ->required();
  command->add_option("-o,--output", arguments->output, "Folder of the set")
      ->type_name("DIR")
      ->required();
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Example:\n"
      "  tiepoint evaluate patch-set scene/sparse scene/images -o patches\n"
      "  tiepoint evaluate patches --data patches --presets default,rootsift");
  command->callback([arguments, &context] {
    ApplyCommonOptions(arguments->common);
    arguments->options.seed = arguments->common.seed;
    const PatchSetSummary made =
        WritePatchSetFromModel(arguments->model, arguments->images,
                               arguments->output, arguments->options);
    if (!arguments->common.quiet) {
      fmt::print("{} patches of {} points in {}\n", made.patches, made.points,
                 arguments->output);
    }
    context.exit_code = kExitAnswer;
  });
}

}  // namespace

void AddEvaluateCommand(CLI::App& app, CommandContext& context) {
  CLI::App* evaluate = app.add_subcommand(
      "evaluate", "Measure presets where the truth is known");
  evaluate->require_subcommand(1);
  evaluate->footer(
      "Each protocol: tiepoint evaluate NAME --help. What is measured and how: "
      "docs/evaluation.md.");
  const std::string planes =
      "Folders with homography sequences (H1to2p, H_1_2) or photographs of "
      "fixed cameras, searched recursively";
  const std::string photographs =
      "Photographs, or folders of which each sequence gives its first";
  AddProtocol(*evaluate, context, "repeatability",
              "Are the same keypoints found again?", planes,
              "--data webcam --presets default,sift,akaze", {AddPairs});
  AddProtocol(*evaluate, context, "matching",
              "Are keypoints of a plane matched rightly?", planes,
              "--data hpatches --data oxford_affine --pairs 1-2 --presets "
              "default,rootsift --check",
              {AddPairs, AddFilter});
  AddProtocol(*evaluate, context, "homography",
              "How well is the homography estimated from the matches?", planes,
              "--data hpatches --presets default,rootsift",
              {AddPairs, AddRuns, AddFilter,
               [](CLI::App& command, EvaluateArguments& a) {
                 command
                     .add_option("--estimator", a.homography_estimator,
                                 "magsac or ransac")
                     ->type_name("NAME")
                     ->check(Suggested({"magsac", "ransac"}))
                     ->capture_default_str();
               }});
  AddProtocol(
      *evaluate, context, "rotation",
      "A photograph against itself turned by 0..360 degrees", photographs,
      "photo.jpg --presets default,rootsift --step 15 --check",
      {AddFilter,
       [](CLI::App& command, EvaluateArguments& a) {
         command
             .add_option("--step", a.rotation.step, "Degrees from turn to turn")
             ->capture_default_str();
       }},
      true);
  AddProtocol(*evaluate, context, "scale",
              "A photograph against itself resized by 1/4..4", photographs,
              "photo.jpg --presets default,rootsift",
              {AddFilter,
               [](CLI::App& command, EvaluateArguments& a) {
                 command
                     .add_option("--factors", a.scale.factors,
                                 "Resized pixels a pixel, by commas")
                     ->delimiter(',')
                     ->capture_default_str();
               }},
              true);
  AddProtocol(*evaluate, context, "patches",
              "Do descriptors tell patches of a point from others?",
              "Folders of Brown/UBC form (patches0000.bmp, info.txt, m50_*)",
              "--data liberty --presets default,rootsift", {});
  AddPatchSet(*evaluate, context);
  AddProtocol(*evaluate, context, "pose",
              "The relative pose of two photographs, against the true one",
              "Folders with gt_cameras.txt, COLMAP models or pair lists, "
              "searched recursively",
              "--data strecha --data pose --presets default,rootsift "
              "--estimators magsac,tiepoint",
              {AddPoseOptions, AddRatio, AddRuns});
  AddProtocol(*evaluate, context, "sfm",
              "A whole reconstruction by COLMAP from our matches",
              "Folders of photographs, with truth or without",
              "--data strecha/fountain-P11 --presets default,rootsift",
              {AddSfmOptions, AddSfmFilter, AddRatio});
  AddProtocol(
      *evaluate, context, "all",
      "Every protocol that finds its truth in the folders; turns by 30 degrees "
      "and resizes one photograph of each set",
      "Folders, searched recursively",
      "--data eval --presets default,rootsift --report report.html "
      "--markdown results.md",
      {AddPairs, AddRuns, AddPoseOptions, AddSfmOptions, AddRatio});
#ifdef TIEPOINT_WITH_TRAINING
  AddParity(*evaluate, context);
#endif
}
