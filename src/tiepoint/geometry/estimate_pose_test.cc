// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/estimate_pose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

constexpr PoseEstimator kAll[] = {
    PoseEstimator::kEightPoint, PoseEstimator::kRansac, PoseEstimator::kMagsac,
    PoseEstimator::kTiepoint, PoseEstimator::kGuided};

PoseEstimate Estimate(PoseEstimator estimator,
                      const std::vector<PointPair>& pairs,
                      const PoseOptions& options = {}) {
  return EstimatePose(estimator, pairs, {}, kCamera1, kCamera2, options);
}

// The larger of both errors, with the sign of t.
double Error(const PoseEstimate& estimate, const Scene& scene) {
  if (!estimate.pose) return std::numeric_limits<double>::infinity();
  return std::max(RotationErrorDegrees(*estimate.pose, scene),
                  TranslationErrorDegrees(*estimate.pose, scene));
}

TEST(EstimatePoseTest, NamesAreThere) {
  for (const PoseEstimator estimator : kAll) {
    EXPECT_EQ(ParsePoseEstimator(Name(estimator)), estimator);
  }
  EXPECT_THROW(ParsePoseEstimator("usac"), InputError);
}

TEST(EstimatePoseTest, CleanMatchesGiveThePose) {
  for (const PoseEstimator estimator : kAll) {
    SCOPED_TRACE(Name(estimator));
    const Scene scene;
    const auto pairs = Pairs(scene, 1);
    const PoseEstimate estimate = Estimate(estimator, pairs);
    EXPECT_LT(Error(estimate, scene), 0.1);
    EXPECT_EQ(estimate.inliers.size(), pairs.size());
  }
}

TEST(EstimatePoseTest, RobustOnesBearOutliers) {
  for (const PoseEstimator estimator : kAll) {
    if (estimator == PoseEstimator::kEightPoint) continue;
    for (uint64_t seed = 0; seed < 3; ++seed) {
      SCOPED_TRACE(testing::Message() << Name(estimator) << " " << seed);
      Scene scene;
      scene.noise = 0.5;
      scene.outliers = 0.6;
      PoseOptions options;
      options.seed = seed;
      EXPECT_LT(Error(Estimate(estimator, Pairs(scene, seed), options), scene),
                2);
    }
  }
}

TEST(EstimatePoseTest, EightPointBearsThemOnlyByWeights) {
  Scene scene;
  scene.noise = 0.2;
  const auto good = Pairs(scene, 2);
  scene.outliers = 1;
  scene.count = 500;
  auto pairs = Pairs(scene, 3);
  std::vector<double> weights(pairs.size(), 0.0);
  pairs.insert(pairs.end(), good.begin(), good.end());
  weights.resize(pairs.size(), 1.0);
  const auto weighted = EstimatePose(PoseEstimator::kEightPoint, pairs, weights,
                                     kCamera1, kCamera2, {});
  const auto alone = Estimate(PoseEstimator::kEightPoint, good);
  EXPECT_LT(Error(alone, scene), 1);
  ASSERT_TRUE(weighted.pose);
  EXPECT_EQ(weighted.pose->rotation, alone.pose->rotation);
  EXPECT_EQ(weighted.pose->translation, alone.pose->translation);
  EXPECT_GT(Error(Estimate(PoseEstimator::kEightPoint, pairs), scene), 5);
}

TEST(EstimatePoseTest, GuidedSearchesWhereWeightsPromise) {
  // 19 of 20 matches wrong: hopeless without weights.
  Scene scene;
  scene.noise = 0.5;
  scene.count = 100;
  auto pairs = Pairs(scene, 8);
  std::vector<double> weights(pairs.size(), 0.8);
  scene.outliers = 1;
  scene.count = 1900;
  const auto wrong = Pairs(scene, 9);
  pairs.insert(pairs.end(), wrong.begin(), wrong.end());
  weights.resize(pairs.size(), 0.1);
  const auto estimate = EstimatePose(PoseEstimator::kGuided, pairs, weights,
                                     kCamera1, kCamera2, {});
  EXPECT_LT(Error(estimate, scene), 1);
}

TEST(EstimatePoseTest, TooLittleIsNoAnswer) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Scene scene;
  scene.count = 3;
  const std::vector<PointPair> same(50, PointPair{1, 2, 3, 4});
  const std::vector<PointPair> nothing(50, PointPair{nan, 2, 3, 4});
  for (const PoseEstimator estimator : kAll) {
    SCOPED_TRACE(Name(estimator));
    EXPECT_FALSE(Estimate(estimator, {}).pose);
    EXPECT_FALSE(Estimate(estimator, Pairs(scene, 4)).pose);
    EXPECT_FALSE(Estimate(estimator, nothing).pose);
    // Whatever comes back, it is not a crash.
    Estimate(estimator, same);
  }
}

TEST(EstimatePoseTest, InliersAreIndicesOfThePairsHandedIn) {
  Scene scene;
  auto pairs = Pairs(scene, 5);
  pairs[0].x1 = std::numeric_limits<double>::quiet_NaN();
  pairs[3].y2 += 100;
  for (const PoseEstimator estimator :
       {PoseEstimator::kRansac, PoseEstimator::kMagsac,
        PoseEstimator::kTiepoint, PoseEstimator::kGuided}) {
    SCOPED_TRACE(Name(estimator));
    const auto estimate = Estimate(estimator, pairs);
    EXPECT_EQ(estimate.inliers.size(), pairs.size() - 2);
    EXPECT_THAT(estimate.inliers, testing::Not(testing::Contains(0)));
    EXPECT_THAT(estimate.inliers, testing::Not(testing::Contains(3)));
  }
}

TEST(EstimatePoseTest, TheSameInputGivesTheSameAnswer) {
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.5;
  const auto pairs = Pairs(scene, 6);
  for (const PoseEstimator estimator : kAll) {
    const auto one = Estimate(estimator, pairs);
    const auto two = Estimate(estimator, pairs);
    ASSERT_EQ(one.pose.has_value(), two.pose.has_value());
    if (!one.pose) continue;
    EXPECT_EQ(one.pose->rotation, two.pose->rotation);
    EXPECT_EQ(one.inliers, two.inliers);
  }
}

TEST(EstimatePoseTest, UnusableInputIsRefused) {
  const Scene scene;
  const auto pairs = Pairs(scene, 7);
  PinholeCamera no_camera = kCamera1;
  no_camera.fx = 0;
  const std::vector<double> one_weight(1, 1.0);
  for (const PoseEstimator estimator : kAll) {
    EXPECT_THROW(EstimatePose(estimator, pairs, {}, no_camera, kCamera2, {}),
                 InputError);
    EXPECT_THROW(
        EstimatePose(estimator, pairs, one_weight, kCamera1, kCamera2, {}),
        InputError);
  }
}

}  // namespace
}  // namespace tiepoint
