// SPDX-License-Identifier: Apache-2.0
#include "evaluation/homography.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/calib3d.hpp>
#include <utility>

#include "evaluation/planar_columns.h"
#include "evaluation/planar_matching.h"
#include "evaluation/planar_pair.h"
#include "evaluation/statistics.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/geometry/usac.h"

namespace tiepoint {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array<int, 4> kPixels = {1, 3, 5, 10};
constexpr double kDrawnCorrect = 3;
constexpr double kCurveEnd = 10;
constexpr double kCurveStep = 0.1;

const char* NameOf(HomographyEstimator estimator) {
  return estimator == HomographyEstimator::kMagsac ? "magsac" : "ransac";
}

std::optional<Matrix3> Magsac(const std::vector<PointPair>& matches,
                              const HomographyOptions& options, uint64_t seed) {
  TwoViewOptions magsac;
  magsac.model = TwoViewModel::kHomography;
  magsac.max_error = options.MaxError();
  magsac.max_iterations = options.max_iterations;
  magsac.confidence = options.confidence;
  magsac.seed = seed;
  return UsacMagsac(matches, {}, {}, magsac);
}

std::optional<Matrix3> Ransac(const std::vector<PointPair>& matches,
                              const HomographyOptions& options) {
  std::vector<cv::Point2d> points1, points2;
  for (const PointPair& match : matches) {
    points1.emplace_back(match.x1, match.y1);
    points2.emplace_back(match.x2, match.y2);
  }
  cv::Mat matrix;
  try {
    matrix = cv::findHomography(points1, points2, cv::RANSAC,
                                options.MaxError(), cv::noArray(),
                                options.max_iterations, options.confidence);
  } catch (const cv::Exception&) {
    return std::nullopt;
  }
  if (matrix.rows != 3 || matrix.cols != 3) return std::nullopt;
  matrix.convertTo(matrix, CV_64F);
  Matrix3 result;
  for (int k = 0; k < 9; ++k) result[k] = matrix.at<double>(k / 3, k % 3);
  for (const double v : result) {
    if (!std::isfinite(v)) return std::nullopt;
  }
  return result;
}

Column ErrorColumn(const std::string& key, const std::string& title,
                   const std::string& meaning,
                   std::function<double(std::span<const double>)> summarize) {
  Column column;
  column.key = key;
  column.title = title;
  column.meaning = meaning;
  column.series = "corner_error";
  column.summarize = std::move(summarize);
  return column;
}

std::vector<Column> MakeColumns() {
  std::vector<Column> columns = {MeanColumn(
      "matches", "matches", "mutual nearest neighbours of a pair", 0)};
  for (const int pixels : kPixels) {
    const std::string t = std::to_string(pixels);
    columns.push_back(ErrorColumn(
        "accuracy_" + t, "acc@" + t,
        "share of the estimates with a corner error of at most " + t + " px",
        [pixels](std::span<const double> errors) {
          return AccuracyAt(errors, pixels);
        }));
  }
  for (const int pixels : kPixels) {
    const std::string t = std::to_string(pixels);
    columns.push_back(ErrorColumn(
        "auc_" + t, "AUC@" + t,
        "area under the cumulative curve of the corner errors up to " + t +
            " px, as a share",
        [pixels](std::span<const double> errors) {
          return ErrorAuc(errors, pixels);
        }));
  }
  Column median = ErrorColumn(
      "median_error", "median px", "median corner error in pixels",
      [](std::span<const double> errors) { return Median(errors); });
  median.decimals = 2;
  median.smaller_is_better = true;
  columns.push_back(median);
  Column failed = MeanColumn("failed", "failed",
                             "share of the estimations without an answer");
  failed.smaller_is_better = true;
  columns.push_back(failed);
  MarkHeadlines(columns, {"auc_1", "auc_3", "auc_5", "auc_10"});
  return columns;
}

class HomographyProtocol : public PlanarMatchingProtocol {
 public:
  HomographyProtocol(const std::vector<std::string>& folders,
                     HomographyOptions options)
      : PlanarMatchingProtocol(folders, options.pairs, options.image_size,
                               options.matching, kDrawnCorrect),
        options_(std::move(options)),
        columns_(MakeColumns()) {
    if (options_.runs < 1) {
      throw InputError("at least one run of the estimator is needed");
    }
  }

  std::string Name() const override { return "homography"; }

  Json Settings() const override {
    return {{"max_image_size", ToJson(options_.image_size)},
            {"pairs", options_.pairs.names},
            {"matches", Matcher().Settings()},
            {"estimator", NameOf(options_.estimator)},
            {"max_error", options_.MaxError()},
            {"max_iterations", options_.max_iterations},
            {"confidence", options_.confidence},
            {"runs", options_.runs},
            {"seed", options_.seed},
            {"truth_checksum", Pairs().TruthChecksum()}};
  }

  const std::vector<Column>& Columns() const override { return columns_; }

  Measurement Measure(const FeatureSource& source,
                      const Item& item) const override {
    const PlanarPair pair = Load(source, item);
    const auto matches = FindMatches(source, pair);
    std::vector<PointPair> points;
    for (const Match& match : matches) {
      const Keypoint& a = pair.Set1().keypoints[match.i];
      const Keypoint& b = pair.Set2().keypoints[match.j];
      points.push_back({a.x, a.y, b.x, b.y});
    }
    std::vector<double> errors(options_.runs, kInfinity);
    std::vector<double> failed(options_.runs, 1);
    ParallelFor(options_.runs, [&](int run) {
      const auto estimate =
          EstimateHomography(points, options_, StreamSeed(options_.seed, run));
      if (!estimate) return;
      failed[run] = 0;
      errors[run] =
          CornerError(*estimate, pair.homography, pair.Set1().image_width,
                      pair.Set1().image_height);
    });
    return {{"matches", {static_cast<double>(matches.size())}},
            {"corner_error", errors},
            {"failed", failed}};
  }

  std::vector<Plot> Plots(const ProtocolResult& result) const override {
    Plot plot{
        "Corner error", "corner error (px)", "share of the estimates", {}};
    for (const MethodResult& method : result.methods) {
      std::vector<double> errors;
      for (const Measurement& m : method.measurements) {
        const auto found = m.find("corner_error");
        if (found == m.end()) continue;
        errors.insert(errors.end(), found->second.begin(), found->second.end());
      }
      Curve& curve = plot.curves.emplace_back(Curve{method.label, {}, {}});
      const int steps = static_cast<int>(std::lround(kCurveEnd / kCurveStep));
      for (int k = 0; k <= steps; ++k) {
        curve.x.push_back(k * kCurveStep);
        curve.y.push_back(AccuracyAt(errors, k * kCurveStep));
      }
    }
    return {plot};
  }

  std::string WorstColumn() const override { return "median_error"; }

 private:
  HomographyOptions options_;
  std::vector<Column> columns_;
};

}  // namespace

double CornerError(const Matrix3& estimate, const Matrix3& truth, int width,
                   int height) {
  double sum = 0;
  for (const double x : {0.0, width - 1.0}) {
    for (const double y : {0.0, height - 1.0}) {
      const PlanePoint p = Transferred(truth, x, y);
      sum += TransferError(estimate, {x, y, p.x, p.y});
    }
  }
  return std::isfinite(sum) ? sum / 4 : kInfinity;
}

HomographyEstimator ParseHomographyEstimator(const std::string& name) {
  if (name == "magsac") return HomographyEstimator::kMagsac;
  if (name == "ransac") return HomographyEstimator::kRansac;
  throw InputError("'" + name +
                   "' is no estimator of homographies: magsac or ransac");
}

std::optional<Matrix3> EstimateHomography(std::vector<PointPair> matches,
                                          const HomographyOptions& options,
                                          uint64_t seed) {
  if (matches.size() < 4) return std::nullopt;
  Random random(seed);
  for (int i = static_cast<int>(matches.size()) - 1; i > 0; --i) {
    std::swap(matches[i], matches[random.Integer(i + 1)]);
  }
  return options.estimator == HomographyEstimator::kMagsac
             ? Magsac(matches, options, seed)
             : Ransac(matches, options);
}

std::unique_ptr<Protocol> MakeHomographyProtocol(
    const std::vector<std::string>& folders, const HomographyOptions& options) {
  return std::make_unique<HomographyProtocol>(folders, options);
}

}  // namespace tiepoint
