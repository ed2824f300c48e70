// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/regressed_essential.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/eigen_arrays.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

double ErrorDegrees(const RelativePose& pose, const Scene& scene) {
  return std::max(RotationErrorDegrees(pose, scene),
                  TranslationErrorDegrees(pose, scene));
}

std::optional<GuidedEssential> Regress(const std::vector<PointPair>& pairs) {
  return RegressEssential(pairs, {}, kCamera1, kCamera2, 1.5);
}

TEST(RegressedEssentialTest, FindsThePoseOfAnyMotion) {
  const std::vector<Scene> scenes = {
      {},
      {.rotation = Turn({0, 0, 1}, 170), .translation = {1, 0, 0}},
      {.rotation = Turn({0, 1, 0}, 4), .translation = {0.02, 0.01, 1}},
      {.rotation = Turn({1, 0, 0}, -15), .translation = {0, -2, 0.5}}};
  for (Scene scene : scenes) {
    scene.noise = 0.5;
    scene.outliers = 0.15;
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      const auto found = Regress(Pairs(scene, seed));
      ASSERT_TRUE(found);
      EXPECT_LT(ErrorDegrees(found->pose, scene), 1) << seed;
    }
  }
}

TEST(RegressedEssentialTest, WeightsTakeWrongMatchesAway) {
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.8;
  const std::vector<PointPair> pairs = Pairs(scene, 3);
  const Matrix3 truth = FundamentalFromEssential(
      ToArray(CrossMatrix(scene.Direction()) * scene.rotation), kCamera1,
      kCamera2);
  std::vector<double> weights;
  weights.reserve(pairs.size());
  for (const PointPair& pair : pairs) {
    weights.push_back(SquaredSampsonError(truth, pair) < 9 ? 0.9 : 0.05);
  }
  const auto found = RegressEssential(pairs, weights, kCamera1, kCamera2, 1.5);
  ASSERT_TRUE(found);
  EXPECT_LT(ErrorDegrees(found->pose, scene), 0.5);
}

TEST(RegressedEssentialTest, OrderDoesNotMatter) {
  Scene scene;
  scene.noise = 1;
  scene.outliers = 0.2;
  std::vector<PointPair> pairs = Pairs(scene, 4);
  const auto first = Regress(pairs);
  std::reverse(pairs.begin(), pairs.end());
  const auto second = Regress(pairs);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->essential, second->essential);
  EXPECT_EQ(first->inliers.size(), second->inliers.size());
}

TEST(RegressedEssentialTest, NeedsEightPairs) {
  const std::vector<PointPair> pairs = Pairs({.count = 7}, 1);
  EXPECT_FALSE(Regress(pairs));
  EXPECT_FALSE(Regress({}));
  EXPECT_THROW(RegressEssential(pairs, {}, kCamera1, kCamera2, 0), InputError);
  EXPECT_THROW(RegressEssential(pairs, {}, {0, 1, 0, 0}, kCamera2, 1),
               InputError);
}

}  // namespace
}  // namespace tiepoint
