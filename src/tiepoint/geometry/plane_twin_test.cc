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
    const bool is_true =
        std::min((e - truth).norm(), (e + truth).norm()) < 0.05;
    true_ones += is_true;
    // The plane's normal is (0.2, -0.3, 1), normalised, in the first camera.
    if (!is_true) continue;
    const Eigen::Vector3d normal = Eigen::Vector3d(0.2, -0.3, 1).normalized();
    double first = 0, second = 0;
    for (const PointPair& pair : pairs) {
      const PointPair n = Normalized(pair, kCamera1, kCamera2);
      first += normal.dot(Eigen::Vector3d(n.x1, n.y1, 1).normalized());
      second += (scene.rotation * normal)
                    .dot(Eigen::Vector3d(n.x2, n.y2, 1).normalized());
    }
    EXPECT_NEAR(pose.frontality, std::min(first, second) / pairs.size(), 0.02);
  }
  EXPECT_EQ(true_ones, 1);
}

TEST(PlaneTwinTest, DepthHasNone) {
  EXPECT_TRUE(PosesOfPlane(Pairs({}, 2), kCamera1, kCamera2, 2, 0).empty());
  EXPECT_TRUE(PosesOfPlane({}, kCamera1, kCamera2, 2, 0).empty());
}

}  // namespace
}  // namespace tiepoint
