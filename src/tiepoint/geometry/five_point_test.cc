// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/five_point.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;

// Any motion, in front of both cameras.
Scene RandomScene(uint64_t seed) {
  Random random(seed);
  const auto direction = [&] {
    return Vector3d(random.Normal(), random.Normal(), random.Normal());
  };
  Scene scene;
  scene.rotation = Turn(direction(), random.Uniform(0, 25));
  scene.translation = direction().normalized() * random.Uniform(0.3, 1.5);
  scene.count = 5;
  return scene;
}

std::array<PointPair, 5> Five(const Scene& scene, uint64_t seed) {
  std::array<PointPair, 5> five;
  const auto pairs = Pairs(scene, seed);
  for (int i = 0; i < 5; ++i)
    five[i] = Normalized(pairs[i], kCamera1, kCamera2);
  return five;
}

// Of unit matrices, whatever their sign.
double Difference(const Matrix3d& a, const Matrix3d& b) {
  return std::min((a - b).norm(), (a + b).norm());
}

TEST(FivePointTest, TheTrueMatrixIsAmongTheSolutions) {
  int missed = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const Scene scene = RandomScene(seed);
    const Matrix3d truth =
        (Cross(scene.Direction()) * scene.rotation).normalized();
    double nearest = 1;
    for (const Matrix3& e : FivePoint(Five(scene, seed))) {
      nearest = std::min(nearest, Difference(AsMatrix(e), truth));
    }
    missed += nearest > 1e-6;
  }
  // Five points may lie so that two solutions all but coincide.
  EXPECT_LE(missed, 3);
}

TEST(FivePointTest, SolutionsAreEssentialAndFulfilTheirEquations) {
  int count = 0, bad = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const auto five = Five(RandomScene(seed), seed);
    for (const Matrix3& solution : FivePoint(five)) {
      const Matrix3d e = AsMatrix(solution);
      ++count;
      EXPECT_NEAR(e.norm(), 1, 1e-12);
      for (const PointPair& p : five) {
        EXPECT_NEAR(Vector3d(p.x2, p.y2, 1).dot(e * Vector3d(p.x1, p.y1, 1)), 0,
                    1e-12);
      }
      const Matrix3d square = e * e.transpose();
      const Matrix3d trace_constraint = 2 * square * e - square.trace() * e;
      bad += std::abs(e.determinant()) > 1e-9 || trace_constraint.norm() > 1e-8;
    }
  }
  EXPECT_GT(count, 2000);
  EXPECT_LE(bad, count / 500);
}

TEST(FivePointTest, APlaneIsNoProblem) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Scene scene = RandomScene(seed);
    scene.plane = true;
    const Matrix3d truth =
        (Cross(scene.Direction()) * scene.rotation).normalized();
    double nearest = 1;
    for (const Matrix3& e : FivePoint(Five(scene, seed))) {
      nearest = std::min(nearest, Difference(AsMatrix(e), truth));
    }
    EXPECT_LT(nearest, 1e-4) << seed;
  }
}

TEST(FivePointTest, CopiesHaveNoSolution) {
  auto five = Five(RandomScene(1), 1);
  five[4] = five[0];
  EXPECT_EQ(FivePoint(five).count, 0);
}

}  // namespace
}  // namespace tiepoint
