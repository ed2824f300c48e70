// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/plane_twin.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tiepoint/geometry/eigen_arrays.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

TEST(PlaneTwinTest, BothExplainThePlaneAndOneIsTheTruth) {
  Scene scene;
  scene.plane = true;
  scene.noise = 0.1;
  const std::vector<PointPair> pairs = Pairs(scene, 1);
  const auto found = PosesOfPlane(pairs, kCamera1, kCamera2, 2, 0);
  ASSERT_EQ(found.size(), 2u);
  const Eigen::Matrix3d truth =
      (CrossMatrix(scene.Direction()) * scene.rotation).normalized();
  int true_ones = 0;
  for (const PlanePose& pose : found) {
    const Matrix3 f =
        FundamentalFromEssential(pose.essential, kCamera1, kCamera2);
    EXPECT_GT(EpipolarInliers(f, pairs, 2).size(), 0.95 * pairs.size());
    const Eigen::Matrix3d e = FromArray(pose.essential);
    true_ones += std::min((e - truth).norm(), (e + truth).norm()) < 0.05;
  }
  EXPECT_EQ(true_ones, 1);
}

TEST(PlaneTwinTest, DepthHasNone) {
  EXPECT_TRUE(
      PosesOfPlane(Pairs({}, 2), kCamera1, kCamera2, 2, 0).empty());
  EXPECT_TRUE(PosesOfPlane({}, kCamera1, kCamera2, 2, 0).empty());
}

}  // namespace
}  // namespace tiepoint
