// SPDX-License-Identifier: Apache-2.0
#include "evaluation/matching.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "evaluation/agreeing_frames.h"
#include "evaluation/overlap.h"
#include "evaluation/planar_columns.h"
#include "evaluation/planar_matching.h"
#include "evaluation/ranked_matches.h"
#include "evaluation/repeatability.h"
#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

constexpr double kCorrespondenceError = 0.5;
constexpr int kLargestPixels = 10;  // of the MMA curve
constexpr std::array<int, 3> kPixels = {1, 3, 5};
constexpr int kScorePixels = 3;

int CountWithin(const std::vector<double>& errors, double pixels) {
  return static_cast<int>(
      std::count_if(errors.begin(), errors.end(),
                    [&](double error) { return error <= pixels; }));
}

std::string AccuracySeries(int pixels) {
  return "mma_" + std::to_string(pixels);
}
std::string CorrectSeries(int pixels) {
  return "correct_" + std::to_string(pixels);
}

std::vector<Ellipse> Regions(const FeatureSet& features,
                             const std::string& detector, int count) {
  std::vector<Ellipse> regions;
  for (const Keypoint& k : features.keypoints) {
    if (count > 0 && regions.size() == static_cast<size_t>(count)) break;
    regions.push_back(Circle(k.x, k.y, RegionRadius(detector, k)));
  }
  return regions;
}

class MatchingProtocol : public PlanarMatchingProtocol {
 public:
  MatchingProtocol(const std::vector<std::string>& folders,
                   MatchingOptions options)
      : PlanarMatchingProtocol(folders, options.pairs, options.image_size,
                               options.matching, kScorePixels),
        options_(std::move(options)) {
    columns_ = {MeanColumn("keypoints", "keypoints",
                           "features, mean of both photographs", 0),
                MeanColumn("matches", "matches",
                           "mutual nearest neighbours of a pair", 0)};
    for (const int pixels : kPixels) {
      columns_.push_back(MeanColumn(
          CorrectSeries(pixels), "ok " + std::to_string(pixels) + " px",
          "matches within " + std::to_string(pixels) + " px of the truth", 0));
    }
    for (const int pixels : kPixels) {
      columns_.push_back(
          MeanColumn(AccuracySeries(pixels), "MMA " + std::to_string(pixels),
                     "share of the matches within " + std::to_string(pixels) +
                         " px; 0 without matches"));
    }
    columns_.push_back(MeanColumn(
        "score", "score",
        "matching score: matches within 3 px / the fewer keypoints in the "
        "shared view"));
    columns_.push_back(MeanColumn(
        "frames", "frames",
        "keypoints of image 1 that image 2 has too: place within 3 px, scale "
        "within 0.7 octaves, angle within 10 degrees",
        0));
    const std::string count = std::to_string(options_.ranked_keypoints);
    columns_.push_back(MeanColumn(
        "nn_map", "NN mAP",
        "average precision of one-to-one nearest neighbours, correct below "
        "50 % overlap error; the " +
            count + " strongest features"));
    columns_.push_back(MeanColumn(
        "score_overlap", "score (overlap)",
        "matching score of LIFT: one-to-one nearest neighbours that are "
        "one-to-one correspondences / the fewer of the " +
            count + " strongest features"));
    MarkHeadlines(columns_,
                  {CorrectSeries(3), AccuracySeries(3), "score", "nn_map"});
  }

  std::string Name() const override { return "matching"; }

  Json Settings() const override {
    return {{"max_image_size", ToJson(options_.image_size)},
            {"pairs", options_.pairs.names},
            {"matches", Matcher().Settings()},
            {"ranked_keypoints", options_.ranked_keypoints},
            {"truth_checksum", Pairs().TruthChecksum()}};
  }

  const std::vector<Column>& Columns() const override { return columns_; }

  Measurement Measure(const FeatureSource& source,
                      const Item& item) const override {
    const PlanarPair pair = Load(source, item);
    const FeatureSet& first = pair.Set1();
    const FeatureSet& second = pair.Set2();
    const auto matches = FindMatches(source, pair);
    const auto errors = MatchErrors(first, second, matches, pair.homography);
    const auto number = [](auto value) {
      return std::vector<double>{static_cast<double>(value)};
    };
    Measurement result;
    result["keypoints"] = {
        static_cast<double>(first.keypoints.size() + second.keypoints.size()) /
        2};
    result["matches"] = number(matches.size());
    for (const int pixels : kPixels) {
      result[CorrectSeries(pixels)] = number(CountWithin(errors, pixels));
    }
    for (int pixels = 1; pixels <= kLargestPixels; ++pixels) {
      result[AccuracySeries(pixels)] = {
          errors.empty() ? 0.0
                         : CountWithin(errors, pixels) /
                               static_cast<double>(errors.size())};
    }
    const int shared =
        DistancesBothWays(first.keypoints, second.keypoints, pair)
            .FewerInView();
    result["score"] = {shared > 0 ? CountWithin(errors, kScorePixels) /
                                        static_cast<double>(shared)
                                  : 0.0};
    result["frames"] = number(CountAgreeingFrames(pair));
    const Steps* steps = source.GetSteps();
    const auto ranked = ScoreNearestNeighbours(
        pair, steps != nullptr ? steps->preset.detector : "",
        options_.ranked_keypoints);
    result["nn_map"] = {ranked.average_precision};
    result["score_overlap"] = {ranked.matching_score};
    return result;
  }

  std::vector<Plot> Plots(const ProtocolResult& result) const override {
    std::vector<double> pixels;
    std::vector<std::string> series;
    for (int k = 1; k <= kLargestPixels; ++k) {
      pixels.push_back(k);
      series.push_back(AccuracySeries(k));
    }
    return {{"Mean matching accuracy", "largest error (px)", "MMA",
             SeriesCurves(result, pixels, series)}};
  }

  std::string WorstColumn() const override { return AccuracySeries(3); }

 private:
  MatchingOptions options_;
  std::vector<Column> columns_;
};

}  // namespace

NearestNeighbourScore ScoreNearestNeighbours(const PlanarPair& pair,
                                             const std::string& detector,
                                             int count) {
  const std::vector<Ellipse> first = Regions(pair.Set1(), detector, count);
  std::vector<Ellipse> second = Regions(pair.Set2(), detector, count);
  const size_t fewer = std::min(first.size(), second.size());
  if (fewer == 0) return {};
  const Matrix3 inverse = InverseHomography(pair.homography);
  for (Ellipse& region : second) region = Projected(region, inverse);
  std::set<std::pair<int, int>> true_pairs;
  for (const RegionPair& p : OneToOne(OverlappingRegions(
           first, second, RegionSize::kFactor3, kCorrespondenceError))) {
    true_pairs.insert({p.i, p.j});
  }
  std::vector<bool> correct;
  for (const auto& assigned : GreedyNearest(AllDistances(
           pair.Set1().descriptors, pair.Set2().descriptors, count))) {
    correct.push_back(true_pairs.count(assigned) > 0);
  }
  NearestNeighbourScore score;
  score.average_precision =
      RankedPrecisionAuc(correct, static_cast<int>(true_pairs.size()));
  score.matching_score =
      static_cast<double>(std::count(correct.begin(), correct.end(), true)) /
      static_cast<double>(fewer);
  return score;
}

std::unique_ptr<Protocol> MakeMatchingProtocol(
    const std::vector<std::string>& folders, const MatchingOptions& options) {
  return std::make_unique<MatchingProtocol>(folders, options);
}

}  // namespace tiepoint
