// SPDX-License-Identifier: Apache-2.0
#include "evaluate_options.h"

#include "choices.h"
#include "feature_options.h"

using namespace tiepoint;

namespace {

void AddFilterOption(CLI::App& command, std::string& filter) {
  command
      .add_option("--filter", filter,
                  "Which mutual matches are judged: none (all), ratio (that of "
                  "the preset) or learned (the network of --models)")
      ->check(OneOf({"none", "ratio", "learned"}))
      ->capture_default_str();
}

}  // namespace

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

void AddMatchingOptions(CLI::App& command, EvaluateArguments& arguments) {
  command.add_flag(
      "--check", arguments.check,
      "Exit with 1 when the first preset has fewer correct matches "
      "(3 px, mean) than rootsift");
}

void AddHomographyOptions(CLI::App& command, EvaluateArguments& arguments) {
  command
      .add_option("--estimator", arguments.homography_estimator,
                  "magsac or ransac")
      ->type_name("NAME")
      ->check(Suggested({"magsac", "ransac"}))
      ->capture_default_str();
}

void AddRotationOptions(CLI::App& command, EvaluateArguments& arguments) {
  command
      .add_option("--step", arguments.rotation.step,
                  "Degrees from turn to turn")
      ->capture_default_str();
  command.add_flag(
      "--check", arguments.check,
      "Exit with 1 unless the first preset has 80 % of its matches "
      "correct at every angle and no 30 degrees hold more than "
      "half of its angles");
}

void AddScaleOptions(CLI::App& command, EvaluateArguments& arguments) {
  command
      .add_option("--factors", arguments.scale.factors,
                  "Resized pixels a pixel, by commas")
      ->delimiter(',')
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
