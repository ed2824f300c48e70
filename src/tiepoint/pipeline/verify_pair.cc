// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/verify_pair.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "tiepoint/geometry/essential.h"

namespace tiepoint {
namespace {

class Pair {
 public:
  Pair(const VerifiedView& view1, const VerifiedView& view2,
       const CorrespondenceClassifier* classifier, const VerifyOptions& options)
      : view1_(view1), view2_(view2), options_(options) {
    input_.first = view1.features;
    input_.second = view2.features;
    if (view1.focal_known) input_.camera1 = view1.camera;
    if (view2.focal_known) input_.camera2 = view2.camera;
    input_.max_ratio = options.max_ratio;
    input_.classifier = classifier;
    filtered_ = MatchAndFilter(options.filter, input_);
    for (const Match& match : filtered_.matches) {
      const Keypoint& a = view1.features->keypoints[match.i];
      const Keypoint& b = view2.features->keypoints[match.j];
      points_.push_back({a.x, a.y, b.x, b.y});
    }
  }

  MatchedPair Verify() {
    ColmapTwoView geometry;
    geometry.configuration = ColmapConfiguration::kDegenerate;
    const bool calibrated = view1_.focal_known && view2_.focal_known;
    if (!(calibrated && FindEssential(geometry))) FindFundamental(geometry);
    MatchedPair pair;
    for (size_t k = 0; k < filtered_.matches.size(); ++k) {
      if (!(filtered_.weights[k] > 0)) continue;
      pair.matches.push_back({filtered_.matches[k].i, filtered_.matches[k].j,
                              filtered_.weights[k]});
    }
    pair.geometry = std::move(geometry);
    pair.cameras = CamerasOf(view1_, view2_);
    return pair;
  }

 private:
  std::vector<double> Weights() const {
    return {filtered_.weights.begin(), filtered_.weights.end()};
  }

  TwoViewOptions Options(TwoViewModel model) const {
    TwoViewOptions options;
    options.model = model;
    options.max_error = options_.max_error;
    options.min_inliers = options_.min_inliers;
    options.seed = options_.seed;
    return options;
  }

  // Inliers that the filter keeps; false when they are too few.
  bool TakeInliers(const TwoViewGeometry& found, ColmapTwoView& geometry) {
    if (!found.success) return false;
    const std::vector<double>& again = found.weights;
    const auto kept = [&](int k) {
      return (again.empty() ? filtered_.weights[k] : again[k]) > 0;
    };
    geometry.inliers.clear();
    for (const int k : found.inliers) {
      if (!kept(k)) continue;
      geometry.inliers.emplace_back(filtered_.matches[k].i,
                                    filtered_.matches[k].j);
    }
    if (std::ssize(geometry.inliers) < options_.min_inliers) {
      geometry.inliers.clear();
      return false;
    }
    if (!again.empty()) filtered_.weights.assign(again.begin(), again.end());
    return true;
  }

  bool FindEssential(ColmapTwoView& geometry) {
    TwoViewOptions options = Options(TwoViewModel::kEssential);
    if (options_.filter == MatchFilter::kLearned) {
      options.second_look = [&](std::span<const int> explained) {
        return ClassifyWithout(input_, filtered_.matches, explained);
      };
    }
    const TwoViewGeometry found = EstimateTwoViewGeometry(
        points_, view1_.camera, view2_.camera, options, Weights());
    if (!TakeInliers(found, geometry)) return false;
    geometry.configuration = ColmapConfiguration::kCalibrated;
    geometry.essential = found.matrix;
    geometry.fundamental =
        FundamentalFromEssential(found.matrix, view1_.camera, view2_.camera);
    if (found.pose) {
      geometry.pose = {found.pose->rotation, found.pose->translation};
    }
    if (found.scene == TwoViewScene::kRotation) {
      geometry.configuration = ColmapConfiguration::kPanoramic;
      FindHomography(geometry);
    } else if (found.scene == TwoViewScene::kPlane) {
      geometry.configuration = ColmapConfiguration::kPlanar;
      FindHomography(geometry);
    }
    return true;
  }

  void FindFundamental(ColmapTwoView& geometry) {
    const TwoViewGeometry found = EstimateTwoViewGeometry(
        points_, {}, {}, Options(TwoViewModel::kFundamental), Weights());
    if (!TakeInliers(found, geometry)) return;
    geometry.configuration = ColmapConfiguration::kUncalibrated;
    geometry.fundamental = found.matrix;
    if (found.scene != TwoViewScene::kPlane) return;
    geometry.configuration = ColmapConfiguration::kPlanarOrPanoramic;
    FindHomography(geometry);
  }

  // Of the inliers, whose number stays.
  void FindHomography(ColmapTwoView& geometry) const {
    std::vector<PointPair> inliers;
    for (const auto& [i, j] : geometry.inliers) {
      const Keypoint& a = view1_.features->keypoints[i];
      const Keypoint& b = view2_.features->keypoints[j];
      inliers.push_back({a.x, a.y, b.x, b.y});
    }
    const TwoViewGeometry found = EstimateTwoViewGeometry(
        inliers, {}, {}, Options(TwoViewModel::kHomography));
    if (found.success) geometry.homography = found.matrix;
  }

  const VerifiedView& view1_;
  const VerifiedView& view2_;
  const VerifyOptions& options_;
  FilterInput input_;
  FilteredMatches filtered_;
  std::vector<PointPair> points_;
};

}  // namespace

PairCameras CamerasOf(const VerifiedView& view1, const VerifiedView& view2) {
  const auto known =
      [](const VerifiedView& view) -> std::optional<std::array<double, 4>> {
    if (!view.focal_known) return std::nullopt;
    const PinholeCamera& c = view.camera;
    return std::array<double, 4>{c.fx, c.fy, c.cx, c.cy};
  };
  return {known(view1), known(view2)};
}

MatchedPair MatchAndVerify(const VerifiedView& view1, const VerifiedView& view2,
                           const CorrespondenceClassifier* classifier,
                           const VerifyOptions& options) {
  if (view1.features->keypoints.empty() || view2.features->keypoints.empty()) {
    ColmapTwoView none;
    none.configuration = ColmapConfiguration::kDegenerate;
    return {{}, none, CamerasOf(view1, view2)};
  }
  return Pair(view1, view2, classifier, options).Verify();
}

}  // namespace tiepoint
