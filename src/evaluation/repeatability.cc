// SPDX-License-Identifier: Apache-2.0
#include "evaluation/repeatability.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>

#include "evaluation/planar_columns.h"

namespace tiepoint {
namespace {

constexpr double kAssignedError = 0.7;
constexpr double kTwoPercentRadius = 5;
constexpr double kFastRadius = 7;
constexpr std::array<int, 3> kPixels = {1, 2, 3};
constexpr size_t kStandardError = 3;  // of kOverlapErrors: 40 %
constexpr double kSuperPointPixels = 3;

bool BoxIsInside(const Ellipse& e, const FeatureSet& picture) {
  const double w = e.HalfWidth(), h = e.HalfHeight();
  return e.x - w >= -0.5 && e.x + w <= picture.image_width - 0.5 &&
         e.y - h >= -0.5 && e.y + h <= picture.image_height - 0.5;
}

std::string OverlapSeries(double error) {
  return "overlap_" + std::to_string(std::lround(100 * error));
}

std::string PixelSeries(int pixels) { return "px_" + std::to_string(pixels); }

std::string DetectorOf(const FeatureSource& source) {
  const Steps* steps = source.GetSteps();
  return steps != nullptr ? steps->preset.detector : "";
}

class RepeatabilityProtocol : public Protocol {
 public:
  RepeatabilityProtocol(const std::vector<std::string>& folders,
                        RepeatabilityOptions options)
      : pairs_(FindImagePairs(folders, options.pairs)),
        options_(std::move(options)) {
    columns_ = {
        MeanColumn("keypoints", "keypoints",
                   "distinct keypoints, mean of both photographs", 0),
        MeanColumn(OverlapSeries(0.4), "overlap 40 %",
                   "Mikolajczyk: regions that overlap with less than 40 % "
                   "error, of the fewer in the common part; the " +
                       std::to_string(options_.overlap_keypoints) +
                       " strongest"),
        MeanColumn("two_percent", "2 % rule",
                   "TILDE: so few keypoints that random points would have "
                   "2 %, less than 5 px apart"),
    };
    for (const int pixels : kPixels) {
      columns_.push_back(MeanColumn(
          PixelSeries(pixels), std::to_string(pixels) + " px",
          "share of the keypoints in the shared view with a keypoint of the "
          "other photograph within " +
              std::to_string(pixels) + " px, both ways"));
    }
    columns_.push_back(MeanColumn(
        "superpoint",
        std::to_string(options_.superpoint_keypoints) + " pts, 3 px",
        "SuperPoint: the " + std::to_string(options_.superpoint_keypoints) +
            " strongest keypoints, mean of the shares of both photographs "
            "within 3 px"));
    MarkHeadlines(columns_, {OverlapSeries(0.4), "two_percent", PixelSeries(3),
                             "superpoint"});
  }

  std::string Name() const override { return "repeatability"; }

  Json Settings() const override {
    return {{"max_image_size", ToJson(options_.image_size)},
            {"pairs", options_.pairs.names},
            {"max_keypoints", options_.max_keypoints},
            {"overlap_keypoints", options_.overlap_keypoints},
            {"superpoint_keypoints", options_.superpoint_keypoints},
            {"truth_checksum", pairs_.TruthChecksum()}};
  }

  const std::vector<Item>& Items() const override { return pairs_.Items(); }
  const std::vector<Column>& Columns() const override { return columns_; }

  Measurement Measure(const FeatureSource& source,
                      const Item& item) const override {
    const PlanarPair pair =
        LoadPlanarPair(source, pairs_.Of(item), options_.image_size);
    const std::string detector = DetectorOf(source);
    const auto strongest = [&](int count) {
      return std::pair(DistinctKeypoints(pair.Set1().keypoints, count),
                       DistinctKeypoints(pair.Set2().keypoints, count));
    };
    const auto common_regions = [&](int count) {
      const auto [first, second] = strongest(count);
      return FindCommonRegions(first, second, detector, pair);
    };

    Measurement result;
    const OverlapRepeatability overlap =
        MeasureOverlap(common_regions(options_.overlap_keypoints));
    for (size_t k = 0; k < kOverlapErrors.size(); ++k) {
      result[OverlapSeries(kOverlapErrors[k])] = {overlap.Share(k)};
    }
    result["correspondences"] = {
        static_cast<double>(overlap.correspondences[kStandardError])};

    const bool as_stored = pair.first->scale_x == 1 && pair.first->scale_y == 1;
    result["two_percent"] = {RadiusRepeatability(
        common_regions(TwoPercentCount(item.sequence, pair.Set1().image_width,
                                       pair.Set1().image_height, as_stored)))};

    const auto [first, second] = strongest(options_.max_keypoints);
    result["keypoints"] = {static_cast<double>(first.size() + second.size()) /
                           2};
    const TwoWayDistances distances = DistancesBothWays(first, second, pair);
    for (const int pixels : kPixels) {
      result[PixelSeries(pixels)] = {distances.Repeatability(pixels)};
    }
    const auto [few1, few2] = strongest(options_.superpoint_keypoints);
    result["superpoint"] = {DistancesBothWays(few1, few2, pair)
                                .MeanRepeatability(kSuperPointPixels)};
    return result;
  }

  std::vector<Plot> Plots(const ProtocolResult& result) const override {
    std::vector<double> errors;
    std::vector<std::string> series;
    for (const double error : kOverlapErrors) {
      errors.push_back(100 * error);
      series.push_back(OverlapSeries(error));
    }
    return {{"Repeatability by overlap", "overlap error (%)", "repeatability",
             SeriesCurves(result, errors, series)}};
  }

  std::vector<std::string> Notes(const ProtocolResult&) const override {
    return {
        "The 2 % rule takes the numbers of keypoints that TILDE's "
        "evaluation fixes for its sequences where photographs are not "
        "reduced, else its formula."};
  }

  std::string WorstColumn() const override { return PixelSeries(3); }

 private:
  PairList pairs_;
  RepeatabilityOptions options_;
  std::vector<Column> columns_;
};

}  // namespace

double RegionRadius(const std::string& detector, const Keypoint& keypoint) {
  if (detector == "fast") return kFastRadius;
  return keypoint.scale > 0 ? keypoint.scale : 1;
}

CommonRegions FindCommonRegions(std::span<const Keypoint> first,
                                std::span<const Keypoint> second,
                                const std::string& detector,
                                const PlanarPair& pair) {
  const Matrix3 inverse = InverseHomography(pair.homography);
  const auto region = [&](const Keypoint& k) {
    return Circle(k.x, k.y, RegionRadius(detector, k));
  };
  CommonRegions common;
  for (const Keypoint& k : first) {
    const Ellipse own = region(k);
    if (BoxIsInside(own, pair.Set1()) &&
        BoxIsInside(Projected(own, pair.homography), pair.Set2())) {
      common.first.push_back(own);
    }
  }
  for (const Keypoint& k : second) {
    const Ellipse own = region(k);
    const Ellipse projected = Projected(own, inverse);
    if (BoxIsInside(own, pair.Set2()) && BoxIsInside(projected, pair.Set1())) {
      common.second.push_back(projected);
    }
  }
  return common;
}

OverlapRepeatability MeasureOverlap(const CommonRegions& regions) {
  OverlapRepeatability result;
  result.fewer =
      static_cast<int>(std::min(regions.first.size(), regions.second.size()));
  for (const RegionPair& assigned :
       OneToOne(OverlappingRegions(regions.first, regions.second,
                                   RegionSize::kRadius30, kAssignedError))) {
    for (size_t k = 0; k < kOverlapErrors.size(); ++k) {
      result.correspondences[k] += assigned.error < kOverlapErrors[k];
    }
  }
  return result;
}

int TwoPercentCount(const std::string& sequence, int width, int height,
                    bool as_stored) {
  static const std::map<std::string, int> kFixed = {
      {"mexico", 85},  {"panorama", 161}, {"chamonix", 123},
      {"bark", 50},    {"bikes", 174},    {"boat", 65},
      {"graf", 101},   {"leuven", 141},   {"trees", 175},
      {"ubc", 150},    {"wall", 175},     {"notredame", 65},
      {"obama", 39},   {"yosemite", 105}, {"paintedladies", 65},
      {"rushmore", 74}};
  std::string name = sequence.substr(sequence.find_last_of('/') + 1);
  for (char& c : name) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const auto fixed = kFixed.find(name);
  if (as_stored && fixed != kFixed.end()) return fixed->second;
  const double area = static_cast<double>(width) * height;
  return std::max(1, static_cast<int>(10.0 / 8 * 0.02 * area /
                                      (std::numbers::pi * kTwoPercentRadius *
                                       kTwoPercentRadius)));
}

double RadiusRepeatability(const CommonRegions& regions) {
  const size_t fewer = std::min(regions.first.size(), regions.second.size());
  if (fewer == 0) return 0;
  std::vector<char> taken(regions.second.size(), 0);
  int repeated = 0;
  for (const Ellipse& one : regions.first) {
    for (size_t j = 0; j < regions.second.size(); ++j) {
      const double dx = regions.second[j].x - one.x;
      const double dy = regions.second[j].y - one.y;
      if (taken[j] ||
          !(dx * dx + dy * dy < kTwoPercentRadius * kTwoPercentRadius)) {
        continue;
      }
      taken[j] = 1;
      ++repeated;
      break;
    }
  }
  return static_cast<double>(repeated) / fewer;
}

std::unique_ptr<Protocol> MakeRepeatabilityProtocol(
    const std::vector<std::string>& folders,
    const RepeatabilityOptions& options) {
  return std::make_unique<RepeatabilityProtocol>(folders, options);
}

}  // namespace tiepoint
