// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/weighted_eight_point.h"

#include <gtest/gtest.h>

#include <limits>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

std::vector<PointPair> NormalizedPairs(const Scene& scene, uint64_t seed) {
  std::vector<PointPair> normalized;
  for (const PointPair& pair : Pairs(scene, seed)) {
    normalized.push_back(Normalized(pair, kCamera1, kCamera2));
  }
  return normalized;
}

double SquaredSum(const Matrix3& e, const std::vector<PointPair>& pairs,
                  const std::vector<double>& weights) {
  double sum = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const Eigen::Vector3d x1(pairs[i].x1, pairs[i].y1, 1);
    const Eigen::Vector3d x2(pairs[i].x2, pairs[i].y2, 1);
    const double product = x2.dot(AsMatrix(e) * x1);
    sum += weights[i] * product * product;
  }
  return sum;
}

TEST(WeightedEightPointTest, EightExactPairsGiveTheEssentialMatrix) {
  Scene scene;
  scene.count = 8;
  const auto pairs = NormalizedPairs(scene, 1);
  const auto essential = WeightedEightPoint(pairs, std::vector<double>(8, 1.0));
  ASSERT_TRUE(essential);
  const Eigen::Matrix3d truth =
      (Cross(scene.Direction()) * scene.rotation).normalized();
  const Eigen::Matrix3d found = AsMatrix(*essential);
  EXPECT_NEAR(found.norm(), 1, 1e-14);
  EXPECT_LT(std::min((found - truth).norm(), (found + truth).norm()), 1e-6);
}

TEST(WeightedEightPointTest, NoOtherMatrixOfUnitNormFitsBetter) {
  Scene scene;
  scene.noise = 1;
  scene.outliers = 0.1;
  scene.count = 60;
  const auto pairs = NormalizedPairs(scene, 2);
  Random random(3);
  std::vector<double> weights;
  for (size_t i = 0; i < pairs.size(); ++i) weights.push_back(random.Uniform());
  const auto essential = WeightedEightPoint(pairs, weights);
  ASSERT_TRUE(essential);
  const double best = SquaredSum(*essential, pairs, weights);
  for (int trial = 0; trial < 200; ++trial) {
    Matrix3 other = *essential;
    double norm = 0;
    for (double& v : other) {
      v += 0.01 * random.Normal();
      norm += v * v;
    }
    for (double& v : other) v /= std::sqrt(norm);
    EXPECT_GT(SquaredSum(other, pairs, weights), best);
  }
}

TEST(WeightedEightPointTest, WeightZeroIsNoInfluenceToTheBit) {
  Scene scene;
  scene.noise = 0.5;
  scene.count = 40;
  auto pairs = NormalizedPairs(scene, 4);
  std::vector<double> weights(pairs.size(), 1.0);
  const auto alone = WeightedEightPoint(pairs, weights);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const PointPair& outlier :
       {PointPair{9, -9, 9, 9}, PointPair{nan, 0, 0, 0}}) {
    pairs.insert(pairs.begin() + 7, outlier);
    weights.insert(weights.begin() + 7, 0.0);
  }
  EXPECT_EQ(WeightedEightPoint(pairs, weights), alone);
}

TEST(WeightedEightPointTest, AWeightOfTwoIsThePairTwice) {
  Scene scene;
  scene.noise = 0.5;
  scene.count = 30;
  auto pairs = NormalizedPairs(scene, 5);
  std::vector<double> weights(pairs.size(), 1.0);
  weights.back() = 2;
  const auto weighted = WeightedEightPoint(pairs, weights);
  pairs.push_back(pairs.back());
  weights.back() = 1;
  weights.push_back(1);
  const auto twice = WeightedEightPoint(pairs, weights);
  ASSERT_TRUE(weighted && twice);
  for (int k = 0; k < 9; ++k) {
    EXPECT_NEAR((*weighted)[k], (*twice)[k], 1e-9);
  }
}

TEST(WeightedEightPointTest, DegeneratePairsAreNoAnswer) {
  Scene scene;
  scene.count = 7;
  EXPECT_FALSE(WeightedEightPoint(NormalizedPairs(scene, 6),
                                  std::vector<double>(7, 1.0)));
  EXPECT_FALSE(WeightedEightPoint({}, {}));
  scene.count = 100;
  auto copies = NormalizedPairs(scene, 7);
  for (size_t i = 7; i < copies.size(); ++i) copies[i] = copies[i % 7];
  EXPECT_FALSE(WeightedEightPoint(copies, std::vector<double>(100, 1.0)));
  scene.plane = true;
  EXPECT_FALSE(WeightedEightPoint(NormalizedPairs(scene, 8),
                                  std::vector<double>(100, 1.0)));
}

// The smaller distance of two matrices of unit norm and arbitrary sign.
double Difference(const Matrix3& a, const Matrix3& b) {
  const Eigen::Matrix3d x = AsMatrix(a), y = AsMatrix(b);
  return std::min((x - y).norm(), (x + y).norm());
}

TEST(ConditionedEightPointTest, ExactPairsGiveThePlainAnswer) {
  Scene scene;
  scene.count = 50;
  const auto pairs = NormalizedPairs(scene, 10);
  std::vector<double> weights;
  Random random(11);
  for (size_t i = 0; i < pairs.size(); ++i) weights.push_back(random.Uniform());
  const auto plain = WeightedEightPoint(pairs, weights);
  const auto conditioned = ConditionedEightPoint(pairs, weights);
  ASSERT_TRUE(plain && conditioned);
  EXPECT_NEAR(AsMatrix(*conditioned).norm(), 1, 1e-14);
  EXPECT_LT(Difference(*plain, *conditioned), 1e-8);
}

TEST(ConditionedEightPointTest, UnitsAndOriginDoNotMatter) {
  Scene scene;
  scene.noise = 1;
  scene.count = 100;
  const auto pixels = Pairs(scene, 12);
  // One camera, so that pixels are scaled evenly; far from the origin.
  const PinholeCamera camera{3000, 3000, -20000, 50000};
  std::vector<PointPair> changed;
  changed.reserve(pixels.size());
  for (const PointPair& pair : pixels) {
    changed.push_back(Normalized(pair, camera, camera));
  }
  const std::vector<double> weights(pixels.size(), 0.3);
  const auto fundamental = ConditionedEightPoint(pixels, weights);
  const auto essential = ConditionedEightPoint(changed, weights);
  ASSERT_TRUE(fundamental && essential);
  Eigen::Matrix3d back =
      AsMatrix(FundamentalFromEssential(*essential, camera, camera));
  back.normalize();
  const Eigen::Matrix3d found = AsMatrix(*fundamental);
  EXPECT_LT(std::min((found - back).norm(), (found + back).norm()), 1e-9);
}

TEST(ConditionedEightPointTest, NoisyPixelsFarFromTheOriginNeedIt) {
  Scene scene;
  scene.noise = 0.5;
  scene.count = 200;
  const auto far = [](std::vector<PointPair> pairs) {
    for (PointPair& pair : pairs) {
      for (double* const x : {&pair.x1, &pair.y1, &pair.x2, &pair.y2}) {
        *x += 4000;
      }
    }
    return pairs;
  };
  const auto noisy = far(Pairs(scene, 13));
  scene.noise = 0;
  const auto exact = far(Pairs(scene, 14));
  const auto error = [&](const Matrix3& matrix) {
    double sum = 0;
    for (const PointPair& pair : exact) {
      sum += std::sqrt(SquaredSampsonError(matrix, pair));
    }
    return sum / static_cast<double>(exact.size());
  };
  const std::vector<double> weights(noisy.size(), 1.0);
  // In the plain form the smallest eigenvalues drown in the largest one.
  EXPECT_FALSE(WeightedEightPoint(noisy, weights));
  const auto conditioned = ConditionedEightPoint(noisy, weights);
  ASSERT_TRUE(conditioned);
  EXPECT_LT(error(*conditioned), 0.15);  // pixels
}

TEST(ConditionedEightPointTest, WeightZeroIsNoInfluenceToTheBit) {
  Scene scene;
  scene.noise = 0.5;
  scene.count = 40;
  auto pairs = Pairs(scene, 15);
  std::vector<double> weights(pairs.size(), 1.0);
  const auto alone = ConditionedEightPoint(pairs, weights);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  pairs.insert(pairs.begin() + 7, {nan, 9e9, 0, 0});
  weights.insert(weights.begin() + 7, 0.0);
  ASSERT_TRUE(alone);
  EXPECT_EQ(ConditionedEightPoint(pairs, weights), alone);
}

TEST(ConditionedEightPointTest, DegeneratePairsAreNoAnswer) {
  EXPECT_FALSE(ConditionedEightPoint({}, {}));
  const std::vector<double> weights(20, 1.0);
  const std::vector<PointPair> copies(20, PointPair{3, 4, 5, 6});
  EXPECT_FALSE(ConditionedEightPoint(copies, weights));
  Scene scene;
  scene.count = 20;
  EXPECT_FALSE(
      ConditionedEightPoint(Pairs(scene, 16), std::vector<double>(20, 0.0)));
  scene.plane = true;
  EXPECT_FALSE(ConditionedEightPoint(NormalizedPairs(scene, 17), weights));
  EXPECT_THROW(ConditionedEightPoint(copies, std::vector<double>(20, -1.0)),
               InputError);
}

TEST(WeightedEightPointTest, UnusableWeightsAreRefused) {
  Scene scene;
  scene.count = 10;
  const auto pairs = NormalizedPairs(scene, 9);
  EXPECT_THROW(WeightedEightPoint(pairs, std::vector<double>(9, 1.0)),
               InputError);
  std::vector<double> weights(10, 1.0);
  weights[3] = -1;
  EXPECT_THROW(WeightedEightPoint(pairs, weights), InputError);
  weights[3] = std::numeric_limits<double>::infinity();
  EXPECT_THROW(WeightedEightPoint(pairs, weights), InputError);
}

}  // namespace
}  // namespace tiepoint
