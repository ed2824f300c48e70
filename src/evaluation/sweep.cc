// SPDX-License-Identifier: Apache-2.0
#include "evaluation/sweep.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <set>
#include <utility>

#include "evaluation/image_pairs.h"
#include "evaluation/planar_columns.h"
#include "evaluation/planar_matching.h"
#include "evaluation/statistics.h"
#include "evaluation/warp.h"
#include "tiepoint/base/error.h"
#include "tiepoint/image/read_image.h"

namespace tiepoint {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kCorrectPixels = 3;
constexpr size_t kAngleBins = 12;
constexpr double kLargestFactor = 8;

std::string NumberName(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

// The extreme of a series over all items.
Column ExtremeColumn(const std::string& key, const std::string& title,
                     const std::string& meaning, const std::string& series,
                     bool largest) {
  Column column = MeanColumn(key, title, meaning);
  column.series = series;
  column.summarize = [largest](std::span<const double> values) {
    if (values.empty()) return kUndefined;
    return largest ? *std::max_element(values.begin(), values.end())
                   : *std::min_element(values.begin(), values.end());
  };
  return column;
}

std::vector<Column> MakeColumns(bool turns) {
  const std::string change = turns ? "turns" : "sizes";
  Column angle = MeanColumn(
      "angle_error", "angle err.",
      "median error of the angles of correct matches, degrees; mean over the " +
          change,
      2);
  angle.smaller_is_better = true;
  std::vector<Column> columns = {
      MeanColumn("matches", "matches", "mutual nearest neighbours", 0),
      MeanColumn("correct", "correct", "matches within 3 px of the truth", 0),
      MeanColumn("precision", "precision", "correct / matches"),
      ExtremeColumn("smallest_precision", "smallest",
                    "the smallest precision of all " + change, "precision",
                    /*largest=*/false),
      MeanColumn("recall", "recall",
                 "correct / keypoints of the photograph that have one of the "
                 "warped picture within 3 px of where they went"),
      MeanColumn("repeatability", "repeat.",
                 "share of the keypoints in the shared view with a keypoint of "
                 "the other picture within 3 px, both ways"),
      angle};
  if (turns) {
    Column fullest = ExtremeColumn(
        "fullest_bin", "fullest bin",
        "the largest share of the angles of an unturned photograph within 30 "
        "degrees",
        "fullest_bin", /*largest=*/true);
    fullest.smaller_is_better = true;
    columns.push_back(fullest);
  }
  MarkHeadlines(columns, {"correct", "precision", "smallest_precision",
                          "recall", "angle_error"});
  return columns;
}

class SweepProtocol : public Protocol {
 public:
  SweepProtocol(const std::vector<std::string>& paths, bool turns,
                std::vector<double> steps, int max_image_size, bool one_a_set,
                const FilteredMatcherOptions& matching)
      : turns_(turns),
        steps_(std::move(steps)),
        max_image_size_(max_image_size),
        matcher_(matching),
        columns_(MakeColumns(turns)) {
    std::set<std::string> sets;
    for (const ScenePhotograph& photograph : FindScenePhotographs(paths)) {
      if (!sets.insert(photograph.set).second && one_a_set) continue;
      for (const double step : steps_) {
        items_.push_back({photograph.set, photograph.sequence, NumberName(step),
                          photograph.path, "", step});
      }
    }
  }

  std::string Name() const override { return turns_ ? "rotation" : "scale"; }

  // The steps are in the items.
  Json Settings() const override {
    return {{"max_image_size", max_image_size_},
            {"matches", matcher_.Settings()},
            {"error_px", kCorrectPixels},
            {"interpolation", "cubic"},
            {"background", "black"}};
  }

  const std::vector<Item>& Items() const override { return items_; }
  const std::vector<Column>& Columns() const override { return columns_; }

  Measurement Measure(const FeatureSource& source,
                      const Item& item) const override {
    const double step = item.parameter.value();
    PlanarPair pair;
    pair.first = source.Of(item.image1, max_image_size_);
    const Steps* steps = source.GetSteps();
    const WarpedPhotograph warped =
        Warp(item.image1, step, steps != nullptr && steps->NeedsColour());
    pair.second = std::make_shared<const Features>(source.Of(warped.image));
    pair.homography = warped.homography;
    const auto matches = matcher_.Find(source, pair.Set1(), pair.Set2());
    const SweepScore score =
        ScoreSweep(pair, matches, turns_ ? step * kDegree : 0);
    Measurement result = {{"keypoints", {score.keypoints}},
                          {"matches", {score.matches}},
                          {"correct", {score.correct}},
                          {"precision", {score.precision}},
                          {"recall", {score.recall}},
                          {"repeatability", {score.repeatability}},
                          {"angle_error", {score.angle_error}}};
    if (turns_) {
      result["fullest_bin"] = {FullestAngleBin(pair.Set1().keypoints)};
    }
    return result;
  }

  std::vector<Plot> Plots(const ProtocolResult& result) const override {
    const std::string x = turns_ ? "turn (degrees)" : "factor";
    return {
        {"Precision", x, "correct / matches",
         ParameterCurves(result, "precision")},
        {"Recall", x, "correct / possible", ParameterCurves(result, "recall")},
        {"Correct matches", x, "matches within 3 px",
         ParameterCurves(result, "correct")},
        {"Repeatability", x, "repeatability at 3 px",
         ParameterCurves(result, "repeatability")}};
  }

 private:
  WarpedPhotograph Warp(const std::string& path, double step,
                        bool colour) const {
    const Image image = ReadImage(
        path, {.max_image_size = max_image_size_, .keep_colour = colour});
    return turns_ ? TurnedPhotograph(image, step)
                  : ResizedPhotograph(image, step);
  }

  bool turns_;
  std::vector<double> steps_;
  int max_image_size_;
  FilteredMatcher matcher_;
  std::vector<Column> columns_;
  std::vector<Item> items_;
};

}  // namespace

SweepScore ScoreSweep(const PlanarPair& pair, const std::vector<Match>& matches,
                      double turn) {
  SweepScore score;
  score.keypoints = static_cast<double>(pair.Set2().keypoints.size());
  score.matches = static_cast<double>(matches.size());
  const auto errors =
      MatchErrors(pair.Set1(), pair.Set2(), matches, pair.homography);
  std::vector<double> angles;
  for (size_t k = 0; k < matches.size(); ++k) {
    if (errors[k] > kCorrectPixels) continue;
    const Keypoint& a = pair.Set1().keypoints[matches[k].i];
    const Keypoint& b = pair.Set2().keypoints[matches[k].j];
    angles.push_back(
        std::abs(double{WrapAngle(double{b.angle} - a.angle - turn)}) /
        kDegree);
  }
  score.correct = static_cast<double>(angles.size());
  if (!matches.empty()) score.precision = score.correct / score.matches;
  if (!angles.empty()) score.angle_error = Median(angles);
  const TwoWayDistances distances =
      DistancesBothWays(pair.Set1().keypoints, pair.Set2().keypoints, pair);
  score.repeatability = distances.Repeatability(kCorrectPixels);
  const auto possible =
      std::count_if(distances.forward.begin(), distances.forward.end(),
                    [](double d) { return d <= kCorrectPixels; });
  if (possible > 0) {
    score.recall = score.correct / static_cast<double>(possible);
  }
  return score;
}

double FullestAngleBin(std::span<const Keypoint> keypoints) {
  if (keypoints.empty()) return 0;
  std::array<int, kAngleBins> bins{};
  for (const Keypoint& k : keypoints) {
    const double turn = (k.angle / std::numbers::pi + 1) / 2;  // [0, 1)
    const int bin = static_cast<int>(turn * kAngleBins);
    ++bins[std::clamp(bin, 0, static_cast<int>(kAngleBins) - 1)];
  }
  return *std::max_element(bins.begin(), bins.end()) /
         static_cast<double>(keypoints.size());
}

std::unique_ptr<Protocol> MakeRotationProtocol(
    const std::vector<std::string>& paths, const RotationOptions& options) {
  if (!(options.step >= 1 && options.step <= 360)) {
    throw InputError("the step must lie between 1 and 360 degrees");
  }
  std::vector<double> turns;
  for (int k = 0; k * options.step < 360 - 1e-9; ++k) {
    turns.push_back(k * options.step);
  }
  return std::make_unique<SweepProtocol>(paths, /*turns=*/true, turns,
                                         options.max_image_size,
                                         options.one_a_set, options.matching);
}

std::unique_ptr<Protocol> MakeScaleProtocol(
    const std::vector<std::string>& paths, const ScaleOptions& options) {
  for (const double factor : options.factors) {
    if (!(factor >= 1 / kLargestFactor && factor <= kLargestFactor)) {
      throw InputError("factors must lie between 1/8 and 8");
    }
  }
  return std::make_unique<SweepProtocol>(
      paths, /*turns=*/false, options.factors, options.max_image_size,
      options.one_a_set, options.matching);
}

}  // namespace tiepoint
