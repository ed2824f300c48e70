// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/match_photographs.h"

#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/pipeline/extract.h"
#include "tiepoint/pipeline/memory.h"
#include "tiepoint/pipeline/stopwatch.h"

namespace tiepoint {
namespace {

// The user's camera, else the focal length of the file with the principal point
// in the middle of the photograph.
std::optional<PinholeCamera> ChooseCamera(
    const std::optional<PinholeCamera>& given, const Image& image) {
  if (given || !image.focal_length) return given;
  const double f = *image.focal_length;
  return PinholeCamera{f, f, (image.width - 1) / 2.0, (image.height - 1) / 2.0};
}

void CheckCamera(const std::optional<PinholeCamera>& camera) {
  if (!camera) return;
  const bool finite = std::isfinite(camera->fx) && std::isfinite(camera->fy) &&
                      std::isfinite(camera->cx) && std::isfinite(camera->cy);
  if (!finite || camera->fx <= 0 || camera->fy <= 0) {
    throw InputError("camera: focal lengths must be positive numbers");
  }
}

TwoViewModel ChooseModel(const MatchPhotographsOptions& options,
                         const MatchReport& report) {
  const bool cameras = report.camera1 && report.camera2;
  if (!options.model) {
    return cameras ? TwoViewModel::kEssential : TwoViewModel::kFundamental;
  }
  if (*options.model == TwoViewModel::kEssential && !cameras) {
    const Image& unknown = report.camera1 ? report.image2 : report.image1;
    throw InputError(unknown.path +
                     ": has no focal length in EXIF, which the essential "
                     "matrix needs; give --camera1 and --camera2");
  }
  return *options.model;
}

}  // namespace

std::vector<PointPair> MatchedPoints(const MatchReport& report) {
  std::vector<PointPair> pairs;
  pairs.reserve(report.matches.size());
  for (const Match& match : report.matches) {
    const Keypoint& a = report.features1.keypoints[match.i];
    const Keypoint& b = report.features2.keypoints[match.j];
    pairs.push_back({a.x, a.y, b.x, b.y});
  }
  return pairs;
}

int MatchReport::NumKept() const {
  return FilteredMatches{{}, weights}.NumKept();
}

bool HasAnswer(const MatchReport& report) {
  const TwoViewGeometry& geometry = report.geometry;
  return geometry.success &&
         (geometry.model != TwoViewModel::kEssential || geometry.pose);
}

MatchReport MatchPhotographs(const std::string& path1, const std::string& path2,
                             const MatchPhotographsOptions& options) {
  CheckCamera(options.camera1);
  CheckCamera(options.camera2);
  const std::string complaint = options.geometry.Validate();
  if (!complaint.empty()) throw InputError(complaint);

  const auto say = [&](const std::string& step) {
    if (options.progress) options.progress(step);
  };
  Stopwatch total, stopwatch;
  MatchReport report;
  auto& seconds = report.seconds;
  say("weights");
  report.preset = ParsePreset(options.preset);
  const Steps steps = MakeSteps(report.preset, options.extractor);
  std::optional<CorrespondenceClassifier> classifier;
  if (options.filter == MatchFilter::kLearned) {
    classifier.emplace(
        FindModel(options.extractor.models, kCorrespondenceWeights));
  }
  seconds["load"] = stopwatch.Lap();

  if (!steps.Describe()) {
    throw InputError("preset: '" + options.preset +
                     "' has no descriptor, which matching needs");
  }
  const ReadOptions reading{
      .max_image_size = options.max_image_size,
      .keep_colour = options.keep_colour || steps.NeedsColour()};
  say("reading");
  CheckReading(path1, reading, steps, 0);
  report.image1 = ReadImage(path1, reading);
  CheckInterrupt();
  CheckReading(path2, reading, steps, PhotographBytes(report.image1));
  report.image2 = ReadImage(path2, reading);
  CheckInterrupt();
  report.camera1 = ChooseCamera(options.camera1, report.image1);
  report.camera2 = ChooseCamera(options.camera2, report.image2);
  TwoViewOptions geometry = options.geometry;
  geometry.model = ChooseModel(options, report);
  seconds["read"] = stopwatch.Lap();

  ExtractSeconds first, second;
  const int max_keypoints = options.extractor.max_keypoints;
  say("features of " + path1);
  report.features1 = Extract(report.image1, steps, max_keypoints, &first,
                             PhotographBytes(report.image2));
  say("features of " + path2);
  report.features2 = Extract(report.image2, steps, max_keypoints, &second,
                             PhotographBytes(report.image1));
  if (!options.keep_colour) {
    report.image1.bgr = {};
    report.image2.bgr = {};
  }
  seconds["detect"] = first.detect + second.detect;
  seconds["orient"] = first.orient + second.orient;
  seconds["describe"] = first.describe + second.describe;

  say("matching");
  stopwatch.Lap();
  const FilterInput looked_at{
      .first = &report.features1,
      .second = &report.features2,
      .camera1 = report.camera1,
      .camera2 = report.camera2,
      .max_ratio =
          options.max_ratio > 0 ? options.max_ratio : UsualRatio(report.preset),
      .classifier = classifier ? &*classifier : nullptr};
  FilteredMatches filtered = MatchAndFilter(options.filter, looked_at);
  report.matches = std::move(filtered.matches);
  report.weights = std::move(filtered.weights);
  CheckInterrupt();
  seconds["match"] = stopwatch.Lap();

  if (classifier) {
    geometry.second_look = [&](std::span<const int> explained) {
      return ClassifyWithout(looked_at, report.matches, explained);
    };
  }
  report.geometry = EstimateTwoViewGeometry(
      MatchedPoints(report), report.camera1.value_or(PinholeCamera{}),
      report.camera2.value_or(PinholeCamera{}), geometry,
      std::vector<double>(report.weights.begin(), report.weights.end()));
  if (!report.geometry.weights.empty()) {
    const std::vector<double>& found = report.geometry.weights;
    report.weights.assign(found.begin(), found.end());
  }
  for (const auto& [image, features] :
       {std::pair(&report.image2, &report.features2),
        std::pair(&report.image1, &report.features1)}) {
    if (features->keypoints.empty()) {
      report.geometry.reason = image->path + " has no keypoints";
    }
  }
  CheckInterrupt();
  seconds["geometry"] = stopwatch.Lap();
  seconds["total"] = total.Lap();
  return report;
}

}  // namespace tiepoint
