// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/verify_pair.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tiepoint/pipeline/made_views.h"

namespace tiepoint {
namespace {

MatchedPair Verify(const Views& views, bool known) {
  return MatchAndVerify({&views.first, kCamera, known},
                        {&views.second, kCamera, known}, nullptr,
                        {.filter = MatchFilter::kNone, .max_error = 1});
}

TEST(VerifyPair, KnownCameras) {
  const Views views = Look({});
  const MatchedPair pair = Verify(views, true);
  const ColmapTwoView& geometry = pair.geometry.value();
  EXPECT_EQ(geometry.configuration, ColmapConfiguration::kCalibrated);
  EXPECT_GE(pair.matches.size(), 200u);
  EXPECT_GE(geometry.inliers.size(), 200u);
  EXPECT_LT(geometry.inliers.size(), 210u);
  ASSERT_TRUE(geometry.pose && geometry.essential && geometry.fundamental);
  EXPECT_FALSE(geometry.homography);
  EXPECT_NEAR(geometry.pose->translation[0], -1, 1e-3);
  EXPECT_NEAR(geometry.pose->rotation[2], std::sin(0.1), 1e-3);
  // F holds in pixels.
  const auto& f = *geometry.fundamental;
  const Keypoint& a = views.first.keypoints[0];
  const Keypoint& b = views.second.keypoints[0];
  EXPECT_LT(SquaredSampsonError(f, {a.x, a.y, b.x, b.y}), 1e-2);
}

TEST(VerifyPair, UnknownCameras) {
  const ColmapTwoView geometry = Verify(Look({}), false).geometry.value();
  EXPECT_EQ(geometry.configuration, ColmapConfiguration::kUncalibrated);
  EXPECT_GE(geometry.inliers.size(), 195u);
  EXPECT_TRUE(geometry.fundamental);
  EXPECT_FALSE(geometry.essential || geometry.homography || geometry.pose);
}

TEST(VerifyPair, Planes) {
  const Views views = Look({.flat = true});
  const ColmapTwoView known = Verify(views, true).geometry.value();
  EXPECT_EQ(known.configuration, ColmapConfiguration::kPlanar);
  ASSERT_TRUE(known.homography);
  const Keypoint& a = views.first.keypoints[3];
  const Keypoint& b = views.second.keypoints[3];
  EXPECT_LT(TransferError(*known.homography, {a.x, a.y, b.x, b.y}), 0.1);
  const ColmapTwoView unknown = Verify(views, false).geometry.value();
  EXPECT_EQ(unknown.configuration, ColmapConfiguration::kPlanarOrPanoramic);
  EXPECT_TRUE(unknown.homography && unknown.fundamental);
}

TEST(VerifyPair, ATurnOfTheCamera) {
  const Views views = Look({.turn = 0.2, .baseline = 0});
  const ColmapTwoView geometry = Verify(views, true).geometry.value();
  EXPECT_EQ(geometry.configuration, ColmapConfiguration::kPanoramic);
  EXPECT_TRUE(geometry.homography);
  EXPECT_FALSE(geometry.pose);
}

TEST(VerifyPair, NothingInCommon) {
  const MatchedPair pair = Verify(Look({.common = 0, .others = 100}), true);
  EXPECT_EQ(pair.geometry->configuration, ColmapConfiguration::kDegenerate);
  EXPECT_TRUE(pair.geometry->inliers.empty());
  EXPECT_FALSE(pair.geometry->essential || pair.geometry->fundamental);
}

TEST(VerifyPair, WithoutKeypoints) {
  Views views = Look({});
  views.second = {};
  const MatchedPair pair = Verify(views, true);
  EXPECT_TRUE(pair.matches.empty());
  EXPECT_EQ(pair.geometry->configuration, ColmapConfiguration::kDegenerate);
}

TEST(VerifyPair, TheSameAgain) {
  const Views views = Look({});
  EXPECT_EQ(Verify(views, true), Verify(views, true));
}

}  // namespace
}  // namespace tiepoint
