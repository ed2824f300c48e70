// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command.h"
#include "evaluation/homography_set.h"
#include "evaluation/matching.h"
#include "evaluation/rotation.h"
#include "tiepoint/base/error.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/io/atomic_file.h"
#ifdef TIEPOINT_WITH_TRAINING
#include "evaluation/parity.h"
#include "training/torch_runner.h"
#endif

namespace {

using namespace tiepoint;
using Json = nlohmann::ordered_json;

// The bars of --check.
constexpr double kSmallestAccuracy = 0.8;  // of matches, at every angle
constexpr double kFullestBin = 0.5;        // of keypoints in 30 degrees

struct EvaluateArguments {
  CommonOptions common;
  std::vector<std::string> presets = {"default", "rootsift"};
  ExtractorOptions extractor;
  int max_image_size = 1024;
  std::string json;
  bool check = false;
  std::vector<std::string> folders;  // matching
  std::vector<std::string> pairs;    // matching
  std::string image;                 // rotation, scale
  double step = 15;                  // rotation
};

// One line on a terminal that is overwritten; nothing elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : shown_(!quiet && isatty(2) != 0) {}
  ~ProgressLine() { Show(""); }
  void Show(const std::string& text) const {
    if (shown_) fmt::print(stderr, "\r\033[K{}", text);
  }

 private:
  bool shown_;
};

Json ToJson(const Preset& preset) {
  return {{"name", preset.name},
          {"detector", preset.detector},
          {"orientation", preset.orientation},
          {"descriptor", preset.descriptor}};
}

Json Head(const char* command, const EvaluateArguments& arguments) {
  return {{"command", command},
          {"version", TIEPOINT_VERSION},
          {"seed", arguments.common.seed},
          {"max_keypoints", arguments.extractor.max_keypoints},
          {"max_image_size", arguments.max_image_size},
          {"matching", "mutual nearest neighbours"}};
}

void WriteJson(const EvaluateArguments& arguments, const Json& json) {
  if (arguments.json.empty()) return;
  WriteFileAtomically(arguments.json, json.dump(1) + "\n");
  if (!arguments.common.quiet) {
    fmt::print("\nwritten  {}\n", arguments.json);
  }
}

// ---------------------------------------------------------------- matching

// "1-2" to 2.
int SecondOfPair(const std::string& text) {
  int second = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "1-%d%c", &second, &rest) != 1 || second < 2) {
    throw InputError("--pairs: '" + text +
                     "' is not a pair of the first photograph, e.g. 1-2");
  }
  return second;
}

std::vector<HomographyPair> ChosenPairs(const EvaluateArguments& arguments) {
  std::vector<int> seconds;
  for (const std::string& text : arguments.pairs) {
    seconds.push_back(SecondOfPair(text));
  }
  std::vector<HomographyPair> chosen;
  for (const std::string& folder : arguments.folders) {
    for (const HomographyPair& pair : FindHomographyPairs(folder)) {
      if (seconds.empty() ||
          std::count(seconds.begin(), seconds.end(), pair.index) > 0) {
        chosen.push_back(pair);
      }
    }
  }
  if (chosen.empty()) throw InputError("--pairs: no such pair in the data");
  return chosen;
}

std::vector<double> Numbers(const MatchingScore& s) {
  return {s.keypoints1,  s.keypoints2,   s.matches,     s.correct[0],
          s.correct[1],  s.correct[2],   s.accuracy[0], s.accuracy[1],
          s.accuracy[2], s.repeatability};
}

void PrintScore(const std::string& label, const std::string& pair,
                const MatchingScore& score, const std::string& ratio) {
  const auto v = Numbers(score);
  fmt::print(
      "{:<24} {:<16} {:>6.0f} {:>6.0f} {:>7.0f} {:>6.0f} {:>6.0f} {:>6.0f} "
      "{:>6.3f} {:>6.3f} {:>6.3f} {:>7.3f} {:>9}\n",
      label, pair, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9],
      ratio);
}

Json ToJson(const MatchingScore& s) {
  return {{"keypoints1", s.keypoints1}, {"keypoints2", s.keypoints2},
          {"matches", s.matches},       {"correct", s.correct},
          {"accuracy", s.accuracy},     {"repeatability", s.repeatability}};
}

int RunMatching(const EvaluateArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  if (arguments.check && std::count(arguments.presets.begin(),
                                    arguments.presets.end(), "rootsift") == 0) {
    throw InputError("--check compares with rootsift: add it to --presets");
  }
  const std::vector<HomographyPair> pairs = ChosenPairs(arguments);
  MatchingOptions options;
  options.presets = arguments.presets;
  options.extractor = arguments.extractor;
  options.max_image_size = arguments.max_image_size;
  std::vector<MatchingRow> rows;
  {
    const ProgressLine line(arguments.common.quiet);
    rows = EvaluateMatching(pairs, options,
                            [&](const std::string& text) { line.Show(text); });
  }

  double rootsift = 0;
  for (const MatchingRow& row : rows) {
    if (row.label == "rootsift") rootsift = Mean(row.scores).correct[1];
  }
  Json json = Head("evaluate matching", arguments);
  json["errors_px"] = kMatchErrors;
  json["pairs"] = pairs.size();
  if (!arguments.common.quiet) {
    fmt::print(
        "{} pairs, at most {} keypoints, longer side at most {} pixels, mutual "
        "nearest neighbours.\n\"-0.25\": the shift of OpenCV's SIFT undone. "
        "Errors in pixels of the second file.\n\n",
        pairs.size(), arguments.extractor.max_keypoints,
        arguments.max_image_size);
    fmt::print(
        "{:<24} {:<16} {:>6} {:>6} {:>7} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} "
        "{:>7} {:>9}\n",
        "preset", "pair", "keyp.1", "keyp.2", "matches", "ok 1px", "ok 3px",
        "ok 5px", "MMA 1", "MMA 3", "MMA 5", "repeat.", "/rootsift");
  }
  for (const MatchingRow& row : rows) {
    const MatchingScore mean = Mean(row.scores);
    Json list = Json::array();
    for (size_t i = 0; i < pairs.size(); ++i) {
      const MatchingScore& score = row.scores[i];
      const std::string name =
          fmt::format("{} 1-{}", pairs[i].sequence, pairs[i].index);
      if (!arguments.common.quiet) PrintScore(row.label, name, score, "");
      Json one = {{"sequence", pairs[i].sequence},
                  {"image1", pairs[i].path1},
                  {"image2", pairs[i].path2},
                  {"size1", score.size1},
                  {"size2", score.size2}};
      one.update(ToJson(score));
      list.push_back(one);
    }
    const double ratio = rootsift > 0 ? mean.correct[1] / rootsift : 0;
    Json one = {{"label", row.label},
                {"preset", ToJson(row.preset)},
                {"opencv_sift_shift_undone", row.shift_undone},
                {"mean", ToJson(mean)}};
    if (rootsift > 0) one["correct_3px_over_rootsift"] = ratio;
    one["scores"] = list;
    json["presets"].push_back(one);
  }
  if (!arguments.common.quiet) {
    fmt::print("\n");
    for (const MatchingRow& row : rows) {
      const MatchingScore mean = Mean(row.scores);
      PrintScore(row.label, "mean", mean,
                 rootsift > 0
                     ? fmt::format("{:.3f}", mean.correct[1] / rootsift)
                     : "-");
    }
  }
  const bool reached = Mean(rows[0].scores).correct[1] >= rootsift;
  if (arguments.check) {
    json["check"] = {{"correct_3px_at_least_rootsift", reached}};
    if (!arguments.common.quiet) {
      fmt::print("\ncheck: {} has {} correct matches than rootsift: {}\n",
                 rows[0].label, reached ? "no fewer" : "fewer",
                 reached ? "passed" : "failed");
    }
  }
  WriteJson(arguments, json);
  return arguments.check && !reached ? kExitNoAnswer : kExitAnswer;
}

// --------------------------------------------------------- rotation, scale

int RunWarps(const EvaluateArguments& arguments, bool turns) {
  ApplyCommonOptions(arguments.common);
  const Image image =
      ReadImage(arguments.image, {.max_image_size = arguments.max_image_size});
  std::vector<double> warps;
  if (turns) {
    if (!(arguments.step >= 1 && arguments.step <= 360)) {
      throw InputError("--step must lie between 1 and 360 degrees");
    }
    for (double angle = 0; angle < 360 - 1e-9; angle += arguments.step) {
      warps.push_back(angle);
    }
  } else {
    warps = {0.25, 0.35, 0.5, 0.71, 0.84, 1, 1.19, 1.41, 2, 2.83, 4};
  }
  std::vector<WarpRow> rows;
  {
    const ProgressLine line(arguments.common.quiet);
    const auto progress = [&](const std::string& text) { line.Show(text); };
    rows = (turns ? EvaluateRotation : EvaluateScale)(
        image, arguments.presets, arguments.extractor, warps, progress);
  }

  Json json = Head(turns ? "evaluate rotation" : "evaluate scale", arguments);
  json["image"] = {{"path", image.path},
                   {"width", image.width},
                   {"height", image.height},
                   {"working_width", image.gray.width},
                   {"working_height", image.gray.height}};
  json["error_px"] = 3;
  json["interpolation"] = "cubic";
  json["background"] = "black";
  const bool quiet = arguments.common.quiet;
  if (!quiet) {
    fmt::print(
        "{} ({} x {}) against itself {}; cubic interpolation{}.\nAt most {} "
        "keypoints, mutual nearest neighbours, correct within 3 pixels.\n",
        image.path, image.gray.width, image.gray.height,
        turns ? "turned" : "resized",
        turns ? ", black around the turned picture" : "",
        arguments.extractor.max_keypoints);
  }
  for (const WarpRow& row : rows) {
    Json one = {{"preset", ToJson(row.preset)},
                {"keypoints", row.keypoints},
                {"angle_histogram", row.angles},
                {"fullest_bin", row.FullestBin()}};
    if (!quiet) {
      fmt::print("\n{}\n{:>8} {:>9} {:>8} {:>8} {:>7} {:>12}\n",
                 row.preset.name, turns ? "degrees" : "factor", "keypoints",
                 "matches", "correct", "share", "angle error");
    }
    for (const WarpScore& score : row.scores) {
      if (!quiet) {
        fmt::print("{:>8} {:>9} {:>8} {:>8} {:>7.3f} {:>12.2f}\n", score.warp,
                   score.keypoints, score.matches, score.correct,
                   score.Accuracy(), score.angle_error);
      }
      one["scores"].push_back({{turns ? "degrees" : "factor", score.warp},
                               {"keypoints", score.keypoints},
                               {"matches", score.matches},
                               {"correct", score.correct},
                               {"share", score.Accuracy()},
                               {"angle_error_degrees", score.angle_error}});
    }
    if (!quiet && turns) {
      fmt::print("angles of the unturned picture, % in bins of 30 degrees:");
      for (const double share : row.angles) fmt::print(" {:.0f}", 100 * share);
      fmt::print("; fullest {:.0f} %\n", 100 * row.FullestBin());
    }
    json["presets"].push_back(one);
  }

  bool reached = true;
  if (arguments.check) {
    for (const WarpScore& score : rows[0].scores) {
      reached &= score.Accuracy() >= kSmallestAccuracy;
    }
    reached &= rows[0].keypoints > 0 && rows[0].FullestBin() <= kFullestBin;
    json["check"] = {{"smallest_share", kSmallestAccuracy},
                     {"largest_bin", kFullestBin},
                     {"passed", reached}};
    if (!quiet) {
      fmt::print(
          "\ncheck: {}: at least {:.0f} % correct at every angle and no more "
          "than {:.0f} % of the angles within one bin: {}\n",
          rows[0].preset.name, 100 * kSmallestAccuracy, 100 * kFullestBin,
          reached ? "passed" : "failed");
    }
  }
  WriteJson(arguments, json);
  return reached ? kExitAnswer : kExitNoAnswer;
}

void AddEvaluationOptions(CLI::App& command, EvaluateArguments& arguments) {
  command
      .add_option("--presets", arguments.presets,
                  "Presets (or detector/orientation/descriptor), by commas")
      ->delimiter(',')
      ->capture_default_str();
  command
      .add_option("--max-keypoints", arguments.extractor.max_keypoints,
                  "The strongest are kept, at most this many a photograph")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--max-image-size", arguments.max_image_size,
                  "Photographs are reduced to this longer side; 0: as stored")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--models", arguments.extractor.models,
                     "Folder of the weights");
  command.add_option("--json", arguments.json, "Write everything here as JSON");
  AddCommonOptions(command, arguments.common);
}

#ifdef TIEPOINT_WITH_TRAINING
// Inference beside LibTorch on the same weights and the same photograph.
int RunParity(const EvaluateArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  ReadOptions read;
  read.max_image_size = arguments.max_image_size;
  const Image image = ReadImage(arguments.image, read);
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
         {"image", arguments.image},
         {"keypoints", r.keypoints},
         {"keypoints_libtorch", r.keypoints_reference},
         {"keypoints_unequal", r.keypoints_unequal},
         {"max_score_difference", r.max_score_difference},
         {"max_angle_difference", r.max_angle_difference},
         {"max_descriptor_difference", r.max_descriptor_difference},
         {"version", TIEPOINT_VERSION}});
    holds = holds && r.Holds();
  }
  if (!arguments.json.empty()) {
    WriteFileAtomically(arguments.json, records.dump(2) + "\n");
  }
  return holds || !arguments.check ? kExitAnswer : kExitNoAnswer;
}
#endif

}  // namespace

void AddEvaluateCommand(CLI::App& app, CommandContext& context) {
  CLI::App* evaluate = app.add_subcommand(
      "evaluate", "Measure presets where the truth is known");
  evaluate->require_subcommand(1);

  const auto matching = std::make_shared<EvaluateArguments>();
  CLI::App* command = evaluate->add_subcommand(
      "matching", "Correct matches and repeatability on homography sequences");
  command
      ->add_option("--data", matching->folders,
                   "Folder with sequences of Oxford (H1to2p) or HPatches "
                   "(H_1_2) form, searched recursively; may be repeated")
      ->required();
  command
      ->add_option("--pairs", matching->pairs,
                   "Only these pairs of each sequence, e.g. 1-2 or 1-2,1-3")
      ->delimiter(',');
  command->add_flag("--check", matching->check,
                    "Exit with 1 when the first preset has fewer correct "
                    "matches (3 px, mean) than rootsift");
  AddEvaluationOptions(*command, *matching);
  command->footer(
      "Example:\n"
      "  tiepoint evaluate matching --data hpatches --data oxford_affine "
      "--pairs 1-2 --presets default,rootsift --check");
  command->callback(
      [matching, &context] { context.exit_code = RunMatching(*matching); });

  const auto rotation = std::make_shared<EvaluateArguments>();
  command = evaluate->add_subcommand(
      "rotation", "A photograph against itself turned by 0..360 degrees");
  command->add_option("IMAGE", rotation->image, "Photograph")->required();
  command->add_option("--step", rotation->step, "Degrees from turn to turn")
      ->capture_default_str();
  command->add_flag("--check", rotation->check,
                    "Exit with 1 unless the first preset has 80 % of its "
                    "matches correct at every angle and no 30 degrees hold "
                    "more than half of its angles");
  AddEvaluationOptions(*command, *rotation);
  command->footer(
      "Example:\n"
      "  tiepoint evaluate rotation photo.jpg --presets default,rootsift "
      "--step 15 --check");
  command->callback([rotation, &context] {
    context.exit_code = RunWarps(*rotation, /*turns=*/true);
  });

  const auto scale = std::make_shared<EvaluateArguments>();
  command = evaluate->add_subcommand(
      "scale", "A photograph against itself resized by 1/4..4");
  command->add_option("IMAGE", scale->image, "Photograph")->required();
  AddEvaluationOptions(*command, *scale);
  command->footer("Example:\n  tiepoint evaluate scale photo.jpg");
  command->callback([scale, &context] {
    context.exit_code = RunWarps(*scale, /*turns=*/false);
  });

#ifdef TIEPOINT_WITH_TRAINING
  const auto parity = std::make_shared<EvaluateArguments>();
  parity->presets = {"default"};
  command = evaluate->add_subcommand(
      "parity", "Inference against LibTorch on the same weights");
  command->add_option("IMAGE", parity->image, "Photograph")->required();
  command->add_flag("--check", parity->check,
                    "Exit with 1 unless the keypoint sets are equal and the "
                    "descriptors within 1e-4");
  AddEvaluationOptions(*command, *parity);
  command->footer("Example:\n  tiepoint evaluate parity photo.jpg --check");
  command->callback(
      [parity, &context] { context.exit_code = RunParity(*parity); });
#endif
}
