// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <numbers>
#include <sstream>
#include <string>

#include "choices.h"
#include "command.h"
#include "feature_options.h"
#include "progress_line.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/geometry/pose_confidence.h"
#include "tiepoint/io/npy.h"
#include "tiepoint/pipeline/draw_matches.h"
#include "tiepoint/pipeline/match_photographs.h"
#include "tiepoint/pipeline/report_json.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;

struct MatchArguments {
  CommonOptions common;
  MatchPhotographsOptions options;
  std::string path1, path2;
  std::string camera1, camera2;
  std::string model;
  std::string filter = Name(MatchFilter::kLearned);
  std::string folder;
  std::string json;
  std::string homography;
  bool descriptors = false;
  DrawOptions drawing;
};

// "fx,fy,cx,cy"
std::optional<PinholeCamera> ParseCamera(const std::string& text,
                                         const char* option) {
  if (text.empty()) return std::nullopt;
  PinholeCamera camera;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%lf,%lf,%lf,%lf%c", &camera.fx, &camera.fy,
                  &camera.cx, &camera.cy, &rest) != 4) {
    throw InputError(std::string(option) + ": '" + text +
                     "' is not fx,fy,cx,cy in pixels, e.g. 640,640,375,281");
  }
  return camera;
}

std::optional<TwoViewModel> ParseModel(const std::string& text) {
  for (const TwoViewModel model :
       {TwoViewModel::kEssential, TwoViewModel::kFundamental,
        TwoViewModel::kHomography}) {
    if (text == Name(model)) return model;
  }
  return std::nullopt;
}

// Nine numbers, row by row: plain text, or the data of an OpenCV XML file.
Matrix3 ReadHomography(const std::string& path) {
  std::ifstream file(path);
  if (!file || fs::is_directory(path)) {
    throw InputError(path + ": cannot be opened for reading");
  }
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string open = "<data>";
  const size_t begin = text.find(open);
  const size_t end = text.find("</data>");
  if (begin != std::string::npos && end != std::string::npos && begin < end) {
    text = text.substr(begin + open.size(), end - begin - open.size());
  }
  std::istringstream in(text);
  Matrix3 homography;
  for (double& value : homography) in >> value;
  std::string rest;
  if (!in || in >> rest) {
    throw InputError(path + ": does not hold the nine numbers of a homography");
  }
  return homography;
}

HomographyCheck CheckHomography(const std::string& path,
                                const Matrix3& homography,
                                const MatchReport& report) {
  HomographyCheck check{.path = path};
  for (const PointPair& pair : MatchedPoints(report)) {
    check.correct_matches += TransferError(homography, pair) <= check.max_error;
  }
  return check;
}

// Where the second camera stands as seen from the first, -R^T t, in words.
std::string MotionInWords(const RelativePose& pose) {
  const auto& r = pose.rotation;
  const auto& t = pose.translation;
  const auto along = [&](int axis) {
    return -(r[axis] * t[0] + r[3 + axis] * t[1] + r[6 + axis] * t[2]);
  };
  const char* const names[3][2] = {
      {"right", "left"}, {"down", "up"}, {"forward", "backward"}};
  std::string words;
  for (int axis = 0; axis < 3; ++axis) {
    const double distance = along(axis);
    if (std::abs(distance) < 0.05) continue;
    words += fmt::format("{}{:.2f} {}", words.empty() ? "" : ", ",
                         std::abs(distance), names[axis][distance < 0]);
  }
  return words;
}

std::string FocalText(const std::optional<PinholeCamera>& camera, bool given) {
  if (!camera) return "unknown";
  return fmt::format("{:.0f} px ({})", camera->fx, given ? "given" : "EXIF");
}

std::string FileName(const std::string& path) {
  std::string name = fs::path(path).filename().string();
  if (name.size() > 24)
    name = name.substr(0, 11) + "..." + name.substr(name.size() - 10);
  return name;
}

std::string ModelText(TwoViewModel model) {
  const bool homography = model == TwoViewModel::kHomography;
  return Name(model) + std::string(homography ? "" : " matrix");
}

std::string SceneText(const TwoViewGeometry& geometry) {
  switch (geometry.scene) {
    case TwoViewScene::kPlane:
      return "a homography, too: " + geometry.reason;
    case TwoViewScene::kRotation:
      return "a rotation of the camera alone";
    case TwoViewScene::kDepth:
      return "the " + ModelText(geometry.model) +
             " alone: the points have depth";
    case TwoViewScene::kUnknown:
      break;
  }
  return "";
}

void PrintTable(const MatchReport& report, const MatchArguments& arguments,
                const std::optional<HomographyCheck>& check) {
  const auto row = [](const char* name, const std::string& first,
                      const std::string& second = "") {
    if (second.empty()) {
      fmt::print("  {:<14}{}\n", name, first);
    } else {
      fmt::print("  {:<14}{:<26}{}\n", name, first, second);
    }
  };
  const auto size = [](const Image& image) {
    return fmt::format("{} x {}", image.width, image.height);
  };
  const auto percent = [](size_t part, size_t whole) {
    return whole == 0 ? 0.0 : 100.0 * part / whole;
  };
  const TwoViewGeometry& geometry = report.geometry;
  const size_t num_matches = report.matches.size();
  const Preset& preset = report.preset;

  row("photographs", FileName(report.image1.path),
      FileName(report.image2.path));
  row("size", size(report.image1), size(report.image2));
  row("focal length",
      FocalText(report.camera1, arguments.options.camera1.has_value()),
      FocalText(report.camera2, arguments.options.camera2.has_value()));
  row("keypoints", fmt::format("{}", report.features1.keypoints.size()),
      fmt::format("{}", report.features2.keypoints.size()));
  fmt::print("\n");
  const std::string steps_text = fmt::format(
      "{}/{}/{}", preset.detector, preset.orientation, preset.descriptor);
  row("preset", preset.name == steps_text
                    ? steps_text
                    : fmt::format("{} ({})", preset.name, steps_text));
  row("matches", fmt::format("{}", num_matches));
  if (arguments.options.filter != MatchFilter::kNone) {
    row("kept",
        fmt::format("{} ({:.1f} %) by the filter {}", report.NumKept(),
                    percent(report.NumKept(), num_matches), arguments.filter));
  }
  if (check) {
    row("correct",
        fmt::format("{} ({:.1f} %) within {} px of the given homography",
                    check->correct_matches,
                    percent(check->correct_matches, num_matches),
                    check->max_error));
  }
  row("inliers", fmt::format("{} ({:.1f} %) within {} px of the {}",
                             geometry.inliers.size(),
                             percent(geometry.inliers.size(), num_matches),
                             arguments.options.geometry.max_error,
                             ModelText(geometry.model)));
  if (geometry.pose) {
    const RelativePose& pose = *geometry.pose;
    const auto& t = pose.translation;
    row("rotation", fmt::format("{:.2f} degrees",
                                pose.RotationAngle() * 180 / std::numbers::pi));
    row("translation",
        fmt::format("({:+.3f}, {:+.3f}, {:+.3f})", t[0], t[1], t[2]));
    row("", "the camera moved " + MotionInWords(pose) + " (length unknown)");
  }
  if (geometry.pose) {
    row("confidence", fmt::format("{:.2f} that the pose is right within {} "
                                  "degrees",
                                  geometry.confidence, kConfidentWithin));
  }
  if (geometry.success && geometry.scene != TwoViewScene::kUnknown) {
    row("explained by", SceneText(geometry));
  }
  if (!HasAnswer(report)) row("no answer", geometry.reason);
  fmt::print("\n");

  std::string steps, times;
  for (const char* step : {"load", "read", "detect", "orient", "describe",
                           "match", "geometry", "total"}) {
    steps += fmt::format("{:>10}", step);
    times += fmt::format("{:>10.3f}", report.seconds.at(step));
  }
  fmt::print("  {:<8}{}\n  {:<8}{}\n", "", steps, "seconds", times);
}

void WriteFiles(const MatchReport& report, const MatchArguments& arguments,
                const std::optional<HomographyCheck>& check) {
  std::vector<std::string> written;
  const auto note = [&](const std::string& path) { written.push_back(path); };
  if (!arguments.json.empty()) {
    WriteFileAtomically(arguments.json, ReportJson(report, arguments.options,
                                                   TIEPOINT_VERSION, check));
    note(arguments.json);
  }
  if (arguments.descriptors) {
    const fs::path stem = fs::path(arguments.json).replace_extension();
    const std::string first = stem.string() + ".descriptors1.npy";
    const std::string second = stem.string() + ".descriptors2.npy";
    WriteNpy(first, report.features1.descriptors);
    note(first);
    WriteNpy(second, report.features2.descriptors);
    note(second);
  }
  if (!arguments.folder.empty()) {
    const std::string picture = fs::path(arguments.folder) / "matches.png";
    WriteFileAtomically(picture, DrawMatches(report, arguments.drawing));
    note(picture);
  }
  if (arguments.common.quiet || written.empty()) return;
  fmt::print("\n");
  for (const std::string& path : written) {
    fmt::print("  {:<14}{}\n", path == written.front() ? "written" : "", path);
  }
}

// What can be known to be wrong before the work is done.
void Prepare(MatchArguments& arguments) {
  MatchPhotographsOptions& options = arguments.options;
  options.camera1 = ParseCamera(arguments.camera1, "--camera1");
  options.camera2 = ParseCamera(arguments.camera2, "--camera2");
  options.model = ParseModel(arguments.model);
  options.filter = ParseMatchFilter(arguments.filter);
  options.geometry.seed = arguments.common.seed;
  options.keep_colour = !arguments.folder.empty();
  if (!arguments.folder.empty()) {
    EnsureWritableFolder(arguments.folder);
    if (arguments.json.empty()) {
      arguments.json = fs::path(arguments.folder) / "matches.json";
    }
  }
  const fs::path parent = fs::path(arguments.json).parent_path();
  if (!parent.empty()) EnsureWritableFolder(parent);
  if (arguments.descriptors && arguments.json.empty()) {
    throw InputError("--descriptors needs --json or -o");
  }
}

MatchReport MatchWithProgress(const MatchArguments& arguments) {
  const ProgressLine line(arguments.common.quiet);
  MatchPhotographsOptions options = arguments.options;
  options.progress = [&](const std::string& step) {
    line.Show("  " + step + " ...");
  };
  return MatchPhotographs(arguments.path1, arguments.path2, options);
}

int RunMatch(MatchArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  Prepare(arguments);
  std::optional<Matrix3> homography;
  if (!arguments.homography.empty()) {
    homography = ReadHomography(arguments.homography);
  }
  const MatchReport report = MatchWithProgress(arguments);
  std::optional<HomographyCheck> check;
  if (homography) {
    check = CheckHomography(arguments.homography, *homography, report);
  }
  if (!arguments.common.quiet) PrintTable(report, arguments, check);
  WriteFiles(report, arguments, check);
  return HasAnswer(report) ? kExitAnswer : kExitNoAnswer;
}

}  // namespace

void AddMatchCommand(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<MatchArguments>();
  MatchPhotographsOptions& options = arguments->options;
  CLI::App* command =
      app.add_subcommand("match",
                         "Keypoints, matches, inliers and relative pose of two "
                         "photographs");
  command->add_option("A", arguments->path1, "First photograph")->required();
  command->add_option("B", arguments->path2, "Second photograph")->required();
  command
      ->add_option("-o,--output", arguments->folder,
                   "Folder for matches.png and matches.json")
      ->type_name("DIR");
  command
      ->add_option("--json", arguments->json,
                   "Write the JSON here instead of matches.json")
      ->type_name("FILE");
  command->add_flag("--descriptors", arguments->descriptors,
                    "Write the descriptors beside the JSON (.npy)");

  AddPresetOption(*command, options.preset);
  AddExtractorOptions(*command, options.extractor);
  AddMaxImageSizeOption(*command, options.max_image_size);
  AddDetectorOptions(*command, options.extractor);

  AddFilterOptions(*command, arguments->filter, options.max_ratio);
  const char* const geometry = "Geometry";
  command
      ->add_option("--model", arguments->model,
                   "essential, fundamental or homography; essential when both "
                   "cameras are known, else fundamental")
      ->check(OneOf({"essential", "fundamental", "homography"}))
      ->type_name("NAME")
      ->group(geometry);
  command
      ->add_option("--camera1", arguments->camera1,
                   "Camera of A: fx,fy,cx,cy in pixels; else from EXIF")
      ->type_name("fx,fy,cx,cy")
      ->group(geometry);
  command->add_option("--camera2", arguments->camera2, "Camera of B")
      ->type_name("fx,fy,cx,cy")
      ->group(geometry);
  command
      ->add_option("--max-error", options.geometry.max_error,
                   "Largest error of an inlier, pixels")
      ->type_name("PIXELS")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str()
      ->group(geometry);
  command
      ->add_option("--check-homography", arguments->homography,
                   "Count the matches within 3 pixels of this true homography "
                   "(OpenCV XML or nine numbers)")
      ->type_name("FILE")
      ->group(geometry);

  const char* const picture = "Picture";
  command
      ->add_flag("--draw-keypoints", arguments->drawing.keypoints,
                 "Draw all keypoints with scale and orientation")
      ->group(picture);
  command
      ->add_flag("--draw-outliers", arguments->drawing.outliers,
                 "Draw the matches that are not inliers, faint red")
      ->group(picture);

  command
      ->add_flag("--draw-weights", arguments->drawing.weights,
                 "Draw every match by its weight, red to green, instead of the "
                 "inliers")
      ->group(picture);

  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Examples:\n"
      "  tiepoint match A.jpg B.jpg -o out\n"
      "  tiepoint match A.jpg B.jpg -o out --preset rootsift "
      "--draw-keypoints\n"
      "  tiepoint match A.jpg B.jpg --camera1 640,640,375,281 "
      "--camera2 640,640,375,281\n"
      "  tiepoint match wall1.png wall2.png --model homography --json "
      "wall.json\n"
      "  tiepoint match A.jpg B.jpg -o out --preset lift/lift/logpolar "
      "--max-image-size 1600\n");
  command->callback(
      [arguments, &context] { context.exit_code = RunMatch(*arguments); });
}
