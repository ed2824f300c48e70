// SPDX-License-Identifier: Apache-2.0
#include "evaluation/repeatability.h"

#include <gtest/gtest.h>

namespace tiepoint {
namespace {

PlanarPair Pair(std::vector<Keypoint> first, std::vector<Keypoint> second,
                const Matrix3& homography) {
  const auto features = [](std::vector<Keypoint>& keypoints) {
    auto result = std::make_shared<Features>();
    result->set.image_width = 100;
    result->set.image_height = 80;
    result->set.keypoints = std::move(keypoints);
    return result;
  };
  return {features(first), features(second), homography};
}

CommonRegions Common(const PlanarPair& pair, const std::string& detector) {
  return FindCommonRegions(pair.Set1().keypoints, pair.Set2().keypoints,
                           detector, pair);
}

constexpr Matrix3 kIdentity{1, 0, 0, 0, 1, 0, 0, 0, 1};
// x2 = x1 + 50
constexpr Matrix3 kShift{1, 0, 50, 0, 1, 0, 0, 0, 1};
// x2 = 2 x1
constexpr Matrix3 kDouble{2, 0, 0, 0, 2, 0, 0, 0, 1};

TEST(RepeatabilityTest, RegionsOfDetectors) {
  EXPECT_EQ(RegionRadius("sift", {.scale = 2.5f}), 2.5);
  EXPECT_EQ(RegionRadius("", {.scale = 2.5f}), 2.5);
  EXPECT_EQ(RegionRadius("fast", {.scale = 3.5f}), 7);
  EXPECT_EQ(RegionRadius("", {.scale = 0}), 1);
}

TEST(RepeatabilityTest, TheCommonPartHoldsWholeRegions) {
  // The picture ends at -0.5 and 99.5; the second shows x1 in [-50.5, 49.5].
  const PlanarPair pair = Pair(
      {{.x = 4, .y = 40, .scale = 4},
       {.x = 3, .y = 40, .scale = 4},
       {.x = 45, .y = 40, .scale = 4},
       {.x = 46, .y = 40, .scale = 4},
       {.x = 20, .y = 77, .scale = 4}},
      {{.x = 55, .y = 40, .scale = 4}, {.x = 53, .y = 40, .scale = 4}}, kShift);
  const CommonRegions common = Common(pair, "");
  ASSERT_EQ(common.first.size(), 2u);  // x = 4 and 45
  EXPECT_EQ(common.first[1].x, 45);
  ASSERT_EQ(common.second.size(), 1u);
  EXPECT_NEAR(common.second[0].x, 5, 1e-12);  // in image 1
  // With the radius of FAST only x in [6.5, 42.5] is left.
  EXPECT_TRUE(Common(pair, "fast").first.empty());
}

TEST(RepeatabilityTest, CountsCorrespondencesByOverlap) {
  // Image 2 is twice as large: scale 6 there is 3 here. Radius 3 becomes 30.
  // Circles of radius 30, d apart, overlap with an error of 1 - L / (2 pi - L),
  // L = 2 acos(x) - 2 x sqrt(1 - x^2), x = d / 60:
  //   d = 2: 0.081    d = 6: 0.226    d = 11: 0.377    d = 11.9: 0.401
  const PlanarPair pair = Pair({{.x = 8, .y = 8, .scale = 3},
                                {.x = 30, .y = 8, .scale = 3},
                                {.x = 8, .y = 30, .scale = 3},
                                {.x = 34, .y = 30, .scale = 3},
                                {.x = 21, .y = 15, .scale = 3}},
                               {{.x = 20, .y = 16, .scale = 6},      // d = 2
                                {.x = 72, .y = 16, .scale = 6},      // d = 6
                                {.x = 38, .y = 60, .scale = 6},      // d = 11
                                {.x = 91.8f, .y = 60, .scale = 6}},  // d = 11.9
                               kDouble);
  const OverlapRepeatability result = MeasureOverlap(Common(pair, ""));
  EXPECT_EQ(result.fewer, 4);
  EXPECT_EQ(result.correspondences, (std::array<int, 6>{1, 1, 2, 3, 4, 4}));
  EXPECT_EQ(result.Share(3), 3.0 / 4);
}

TEST(RepeatabilityTest, EachRegionCorrespondsOnce) {
  const PlanarPair pair =
      Pair({{.x = 40, .y = 40, .scale = 8}, {.x = 42, .y = 40, .scale = 8}},
           {{.x = 41, .y = 40, .scale = 8}, {.x = 70, .y = 40, .scale = 8}},
           kIdentity);
  EXPECT_EQ(MeasureOverlap(Common(pair, "")).Share(3), 0.5);
}

TEST(RepeatabilityTest, TwoPercentCounts) {
  EXPECT_EQ(TwoPercentCount("mexico", 640, 480, true), 85);
  EXPECT_EQ(TwoPercentCount("Panorama", 2469, 205, true), 161);
  EXPECT_EQ(TwoPercentCount("light/graf", 800, 640, true), 101);
  // 0.025 * 640 * 480 / (25 pi) = 97.8
  EXPECT_EQ(TwoPercentCount("other", 640, 480, true), 97);
  EXPECT_EQ(TwoPercentCount("mexico", 640, 480, false), 97);
  EXPECT_EQ(TwoPercentCount("tiny", 10, 10, true), 1);
}

TEST(RepeatabilityTest, RadiusRuleIsStrictAndOneToOneInOrder) {
  // 5 px is too far; (44, 40) is taken by the first that reaches it, although
  // the second lies nearer, and the second takes what is left.
  const PlanarPair pair = Pair(
      {{.x = 40, .y = 40}, {.x = 43, .y = 40}, {.x = 10, .y = 10}},
      {{.x = 44, .y = 40}, {.x = 47, .y = 40}, {.x = 13, .y = 14}}, kIdentity);
  EXPECT_NEAR(RadiusRepeatability(Common(pair, "")), 2.0 / 3, 1e-12);
  // Distances are those of image 1: 8 px in image 2 are 4.
  const PlanarPair twice =
      Pair({{.x = 20, .y = 20}}, {{.x = 48, .y = 40}}, kDouble);
  EXPECT_EQ(RadiusRepeatability(Common(twice, "")), 1);
  EXPECT_EQ(RadiusRepeatability({}), 0);
}

}  // namespace
}  // namespace tiepoint
