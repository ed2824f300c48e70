// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/sampson_refinement.h"

#include <gtest/gtest.h>

#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

Pose TruePose(const Scene& scene) {
  return {scene.rotation, scene.Direction()};
}

PoseStep RandomStep(Random& random, double size) {
  PoseStep step;
  for (double& v : step) v = size * random.Normal();
  return step;
}

// Larger of rotation and translation, in degrees.
double Error(const Pose& pose, const Scene& scene) {
  const RelativePose plain{
      ToArray(pose.rotation),
      {pose.translation.x(), pose.translation.y(), pose.translation.z()}};
  return std::max(RotationErrorDegrees(plain, scene),
                  TranslationErrorDegrees(plain, scene));
}

TEST(SampsonRefinementTest, ErrorsAreThoseOfPixels) {
  Scene scene;
  scene.noise = 2;
  const auto pairs = Pairs(scene, 1);
  const SampsonProblem problem(pairs, {}, kCamera1, kCamera2);
  const Pose pose = TruePose(scene);
  const Matrix3 f =
      FundamentalFromEssential(ToArray(pose.Essential()), kCamera1, kCamera2);
  for (size_t i = 0; i < pairs.size(); ++i) {
    const double expected = SquaredSampsonError(f, pairs[i]);
    const double error = problem.Error(pose, i).value;
    EXPECT_NEAR(error * error, expected, 1e-8 * (1 + expected));
    EXPECT_NEAR(problem.SquaredError(7 * pose.Essential(), i), expected,
                1e-8 * (1 + expected));
  }
}

TEST(SampsonRefinementTest, GradientsEqualDifferences) {
  Random random(2);
  Scene scene;
  scene.noise = 3;
  scene.outliers = 0.2;
  const auto pairs = Pairs(scene, 2);
  const SampsonProblem problem(pairs, {}, kCamera1, kCamera2);
  const Pose pose = Moved(TruePose(scene), RandomStep(random, 0.02));
  constexpr double kDelta = 1e-6;
  for (size_t i = 0; i < pairs.size(); i += 7) {
    const SampsonError error = problem.Error(pose, i);
    for (int k = 0; k < 5; ++k) {
      const PoseStep step = kDelta * PoseStep::Unit(k);
      const double difference = (problem.Error(Moved(pose, step), i).value -
                                 problem.Error(Moved(pose, -step), i).value) /
                                (2 * kDelta);
      EXPECT_NEAR(error.gradient(k), difference,
                  1e-4 * (1 + std::abs(difference)))
          << "pair " << i << ", step " << k;
    }
  }
}

TEST(SampsonRefinementTest, ReturnsToTheTruthFromNearby) {
  for (const RobustLoss loss : {RobustLoss::kTukey, RobustLoss::kMagsac}) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      Random random(seed);
      Scene scene;
      scene.outliers = 0.3;
      const SampsonProblem problem(Pairs(scene, seed), {}, kCamera1, kCamera2);
      const Pose start = Moved(TruePose(scene), RandomStep(random, 0.003));
      ASSERT_GT(Error(start, scene), 0.01);
      const Pose refined = problem.Refined(
          start, {.loss = loss, .cutoff = 20, .max_iterations = 50});
      const Pose last = problem.Refined(refined, {.loss = loss, .cutoff = 1});
      EXPECT_LT(Error(last, scene), 1e-2) << seed;
    }
  }
}

TEST(SampsonRefinementTest, TheStepIsTheNewtonStepOfLeastSquares) {
  // With a cutoff far away the losses are squares, all pairs count alike, and
  // the sum of squares is stationary where the refinement ends.
  Scene scene;
  scene.noise = 1;
  scene.count = 200;
  const SampsonProblem problem(Pairs(scene, 3), {}, kCamera1, kCamera2);
  const Pose pose = problem.Refined(TruePose(scene), {.cutoff = 1e4});
  PoseStep sum = PoseStep::Zero();
  double scale = 0;
  for (size_t i = 0; i < problem.normalized().size(); ++i) {
    const SampsonError error = problem.Error(pose, i);
    sum += error.value * error.gradient;
    scale += std::abs(error.value) * error.gradient.norm();
  }
  EXPECT_LT(sum.norm(), 1e-4 * scale);
}

TEST(SampsonRefinementTest, PairsOfNoWeightHaveNoInfluence) {
  Scene scene;
  scene.noise = 0.5;
  scene.count = 100;
  auto pairs = Pairs(scene, 4);
  const SampsonProblem alone(pairs, {}, kCamera1, kCamera2);
  std::vector<double> weights(pairs.size(), 1.0);
  scene.noise = 3;
  const auto more = Pairs(scene, 5);
  pairs.insert(pairs.end(), more.begin(), more.end());
  weights.resize(pairs.size(), 0.0);
  const SampsonProblem both(pairs, weights, kCamera1, kCamera2);
  const Pose one = alone.Refined(TruePose(scene), {.cutoff = 5});
  const Pose two = both.Refined(TruePose(scene), {.cutoff = 5});
  EXPECT_LT((one.Essential() - two.Essential()).norm(), 1e-12);
}

}  // namespace
}  // namespace tiepoint
