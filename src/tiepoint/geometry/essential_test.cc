// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/essential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

RelativePose PoseOf(const Scene& scene) {
  RelativePose pose;
  for (int k = 0; k < 9; ++k) pose.rotation[k] = scene.rotation(k / 3, k % 3);
  const Eigen::Vector3d t = scene.Direction();
  pose.translation = {t.x(), t.y(), t.z()};
  return pose;
}

std::vector<PointPair> NormalizedPairs(const Scene& scene, uint64_t seed) {
  std::vector<PointPair> normalized;
  for (const PointPair& pair : Pairs(scene, seed)) {
    normalized.push_back(Normalized(pair, kCamera1, kCamera2));
  }
  return normalized;
}

TEST(EssentialTest, SidewaysMotionByHand) {
  // [(1, 0, 0)]x = rows (0 0 0), (0 0 -1), (0 1 0), of norm sqrt(2).
  const RelativePose pose{{1, 0, 0, 0, 1, 0, 0, 0, 1}, {1, 0, 0}};
  const double h = std::sqrt(0.5);
  EXPECT_THAT(
      EssentialFromPose(pose),
      testing::Pointwise(testing::DoubleNear(1e-15),
                         std::vector<double>{0, 0, 0, 0, 0, -h, 0, h, 0}));
}

TEST(EssentialTest, FundamentalMatrixVanishesOnPixels) {
  const Scene scene;
  const Matrix3 f = FundamentalFromEssential(EssentialFromPose(PoseOf(scene)),
                                             kCamera1, kCamera2);
  const auto pairs = Pairs(scene, 1);
  for (const PointPair& pair : pairs) {
    EXPECT_LT(SquaredSampsonError(f, pair), 1e-16);
  }
  EXPECT_EQ(EpipolarInliers(f, pairs, 1e-6).size(), pairs.size());
}

TEST(EssentialTest, PoseComesBackWithItsSign) {
  for (const double side : {1.0, -1.0}) {
    Scene scene;
    scene.translation *= side;
    Matrix3 essential = EssentialFromPose(PoseOf(scene));
    const auto pairs = NormalizedPairs(scene, 2);
    for (const double factor : {1.0, -1.0, 7.0}) {
      for (double& v : essential) v *= factor;
      const RelativePose pose = PoseFromEssential(essential, pairs);
      EXPECT_LT(RotationErrorDegrees(pose, scene), 1e-6);
      EXPECT_LT(TranslationErrorDegrees(pose, scene), 1e-6);
    }
  }
}

TEST(EssentialTest, WeightsDecideWhatIsInFront) {
  // Nine pairs seen as if behind the cameras (both places mirrored in the
  // centre: the epipolar constraint holds for -t) outvote one in front, unless
  // they weigh less.
  const Scene scene;
  const auto front = NormalizedPairs(scene, 3);
  std::vector<PointPair> pairs(front.begin(), front.begin() + 10);
  Scene behind = scene;
  behind.translation = -scene.translation;
  const auto back = NormalizedPairs(behind, 4);
  pairs.insert(pairs.end(), back.begin(), back.begin() + 20);
  const Matrix3 essential = EssentialFromPose(PoseOf(scene));
  std::vector<double> weights(pairs.size(), 0.1);
  std::fill_n(weights.begin(), 10, 1.0);
  EXPECT_LT(TranslationErrorDegrees(
                PoseFromEssential(essential, pairs, weights), scene),
            1e-6);
  EXPECT_GT(TranslationErrorDegrees(PoseFromEssential(essential, pairs), scene),
            179);
}

TEST(EssentialTest, PairsThatAreNoNumbersAreNoInliers) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<PointPair> pairs = {
      {0, 0, 5, 0}, {nan, 0, 5, 0}, {0, 0, 5, 0.5}, {0, 0, 1e30, 0}};
  // Lines are rows: x2' F x1 = y1 - y2, Sampson error |y1 - y2| / sqrt(2).
  const Matrix3 rows{0, 0, 0, 0, 0, -1, 0, 1, 0};
  EXPECT_THAT(EpipolarInliers(rows, pairs, 0.1), testing::ElementsAre(0));
  EXPECT_THAT(EpipolarInliers(rows, pairs, 0.36), testing::ElementsAre(0, 2));
}

}  // namespace
}  // namespace tiepoint
