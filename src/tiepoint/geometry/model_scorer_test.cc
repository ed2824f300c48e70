// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/model_scorer.h"

#include <gtest/gtest.h>

#include <limits>

#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/magsac_score.h"
#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

constexpr double kMaxError = 1.5, kCutoff = 3;

struct Task {
  std::vector<PointPair> pixels, normalized;
  std::vector<double> weights;
  Matrix3 truth;
  ModelScorer Scorer() const {
    return {normalized, weights, kCamera1, kCamera2, kMaxError, kCutoff};
  }
};

// A number of pairs that does not fill the last block.
Task MakeTask(double outliers) {
  Scene scene;
  scene.noise = 0.7;
  scene.outliers = outliers;
  scene.count = 1003;
  Task task;
  task.pixels = Pairs(scene, 1);
  Random random(2);
  for (const PointPair& pair : task.pixels) {
    task.normalized.push_back(Normalized(pair, kCamera1, kCamera2));
    task.weights.push_back(random.Uniform());
  }
  const Eigen::Matrix3d e =
      (Cross(scene.Direction()) * scene.rotation).normalized();
  for (int k = 0; k < 9; ++k) task.truth[k] = e(k / 3, k % 3);
  return task;
}

Matrix3 RandomEssential(uint64_t seed) {
  Random random(seed);
  const Eigen::Matrix3d e =
      Cross(Eigen::Vector3d(random.Normal(), random.Normal(), random.Normal()))
          .normalized() *
      Turn({random.Normal(), random.Normal(), random.Normal()}, 20);
  Matrix3 result;
  for (int k = 0; k < 9; ++k) result[k] = e(k / 3, k % 3);
  return result;
}

TEST(ModelScorerTest, TheFullScoreEqualsThePlainSum) {
  const Task task = MakeTask(0.5);
  const ModelScorer scorer = task.Scorer();
  for (const Matrix3& e : {task.truth, RandomEssential(3)}) {
    const Matrix3 f = FundamentalFromEssential(e, kCamera1, kCamera2);
    double quality = 0;
    int inliers = 0;
    for (size_t i = 0; i < task.pixels.size(); ++i) {
      const double squared = SquaredSampsonError(f, task.pixels[i]);
      quality +=
          task.weights[i] * (1 - MagsacLoss(squared / (kCutoff * kCutoff)));
      inliers += squared <= kMaxError * kMaxError;
    }
    const ModelScore score = scorer.FullScore(e);
    EXPECT_NEAR(score.quality, quality, 0.1);
    // Floats: a pair may lie on the border.
    EXPECT_NEAR(score.num_inliers, inliers, 1);
  }
}

TEST(ModelScorerTest, AScoreIsTheFullOneOrNothing) {
  const Task task = MakeTask(0.5);
  ModelScorer scorer = task.Scorer();
  const ModelScore full = scorer.FullScore(task.truth);
  const auto score = scorer.Score(task.truth, 0);
  ASSERT_TRUE(score);
  EXPECT_EQ(score->quality, full.quality);
  EXPECT_EQ(score->num_inliers, full.num_inliers);
  EXPECT_TRUE(scorer.Score(task.truth, full.quality - 1e-3));
  EXPECT_FALSE(scorer.Score(task.truth, full.quality + 1e-3));
}

TEST(ModelScorerTest, WrongModelsAreGivenUpAndGoodOnesAreNot) {
  for (const double outliers : {0.5, 0.8}) {
    const Task task = MakeTask(outliers);
    ModelScorer scorer = task.Scorer();
    scorer.SetBest(scorer.FullScore(task.truth).num_inliers);
    int kept = 0;
    for (uint64_t seed = 0; seed < 200; ++seed) {
      kept += scorer.Score(RandomEssential(seed), 0).has_value();
    }
    EXPECT_LE(kept, 4);
    EXPECT_TRUE(scorer.Score(task.truth, 0));
  }
}

}  // namespace
}  // namespace tiepoint
