// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/verify_pair.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

constexpr PinholeCamera kCamera{800, 800, 499.5, 399.5};

// What two cameras see: the second is turned about the vertical axis and moved.
struct World {
  double turn = 0.1;  // radians
  double baseline = 1;
  bool flat = false;  // all points at one depth
  int common = 200, others = 40;
};

struct Views {
  FeatureSet first, second;
};

Views Look(const World& world, uint64_t seed = 5) {
  constexpr int kLength = 32;
  Random random(seed);
  Views views;
  const auto add = [&](FeatureSet& set, double x, double y,
                       const std::vector<float>& descriptor) {
    Keypoint k;
    k.x = static_cast<float>(x);
    k.y = static_cast<float>(y);
    set.keypoints.push_back(k);
    set.descriptors.data.insert(set.descriptors.data.end(), descriptor.begin(),
                                descriptor.end());
  };
  const auto any = [&] {
    std::vector<float> descriptor;
    for (int d = 0; d < kLength; ++d) {
      descriptor.push_back(static_cast<float>(random.Normal()));
    }
    return descriptor;
  };
  for (int i = 0; i < world.common + world.others; ++i) {
    const double depth = world.flat ? 8 : random.Uniform(4, 12);
    const double x = random.Uniform(100, 900), y = random.Uniform(50, 750);
    const double X = (x - kCamera.cx) / kCamera.fx * depth;
    const double Y = (y - kCamera.cy) / kCamera.fy * depth;
    const double c = std::cos(world.turn), s = std::sin(world.turn);
    const double X2 = c * X + s * depth - world.baseline;
    const double Z2 = -s * X + c * depth;
    const auto descriptor = any();
    add(views.first, x, y, descriptor);
    if (i < world.common) {
      add(views.second, kCamera.fx * X2 / Z2 + kCamera.cx,
          kCamera.fy * Y / Z2 + kCamera.cy, descriptor);
    } else {
      add(views.second, random.Uniform(0, 1000), random.Uniform(0, 800), any());
    }
  }
  for (FeatureSet* set : {&views.first, &views.second}) {
    set->image_width = 1000;
    set->image_height = 800;
    set->descriptors.rows = static_cast<int>(set->keypoints.size());
    set->descriptors.cols = kLength;
  }
  return views;
}

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
