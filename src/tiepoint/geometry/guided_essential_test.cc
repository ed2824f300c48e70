// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/guided_essential.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/magsac_score.h"
#include "tiepoint/geometry/synthetic_scene.h"
#include "tiepoint/geometry/usac.h"

namespace tiepoint {
namespace {

struct Matches {
  std::vector<PointPair> pairs;
  std::vector<double> weights;  // of a good classifier: 19 of 20 are right
};

Matches MakeMatches(const Scene& scene, uint64_t seed) {
  Random random(seed + 1000);
  Scene right = scene, wrong = scene;
  right.outliers = 0;
  wrong.outliers = 1;
  wrong.count = static_cast<int>(scene.outliers * scene.count);
  right.count -= wrong.count;
  Matches matches;
  for (const Scene& part : {right, wrong}) {
    for (const PointPair& pair : Pairs(part, seed)) {
      matches.pairs.push_back(pair);
      matches.weights.push_back(
          random.Chance(0.95) == (part.outliers == 0) ? 0.9 : 0.0);
    }
  }
  return matches;
}

double Error(const RelativePose& pose, const Scene& scene) {
  return std::max(RotationErrorDegrees(pose, scene),
                  TranslationErrorDegrees(pose, scene));
}

double Error(const std::optional<GuidedEssential>& found, const Scene& scene) {
  return found ? Error(found->pose, scene) : 180;
}

std::optional<GuidedEssential> Estimate(const Matches& matches,
                                        const GuidedOptions& options = {}) {
  return EstimateEssential(matches.pairs, matches.weights, kCamera1, kCamera2,
                           options);
}

TEST(GuidedEssentialTest, ExactPointsGiveTheExactPose) {
  Scene scene;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    scene.translation = Turn({0, 1, 1}, 70.0 * seed) * scene.translation;
    const auto pairs = Pairs(scene, seed);
    const auto found = EstimateEssential(pairs, {}, kCamera1, kCamera2, {});
    ASSERT_TRUE(found);
    EXPECT_LT(Error(found, scene), 1e-5);
    EXPECT_EQ(found->inliers.size(), pairs.size());
    EXPECT_NEAR(AsMatrix(found->essential).norm(), 1, 1e-12);
    EXPECT_NEAR(found->score, pairs.size(), 1e-3);
    const Matrix3 expected = EssentialFromPose(found->pose);
    for (int k = 0; k < 9; ++k) {
      EXPECT_NEAR(found->essential[k], expected[k], 1e-12);
    }
  }
}

TEST(GuidedEssentialTest, NoiseAndWrongMatchesLeaveThePose) {
  Scene scene;
  scene.noise = 0.5;
  for (const double outliers : {0.3, 0.6, 0.75}) {
    scene.outliers = outliers;
    for (uint64_t seed = 0; seed < 5; ++seed) {
      auto matches = MakeMatches(scene, seed);
      matches.weights.clear();
      EXPECT_LT(Error(Estimate(matches, {.seed = seed}), scene), 0.4)
          << outliers << " seed " << seed;
    }
  }
}

TEST(GuidedEssentialTest, GoodWeightsMakeItQuickAndBearMore) {
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.9;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto found = Estimate(MakeMatches(scene, seed), {.seed = seed});
    ASSERT_TRUE(found);
    EXPECT_LT(Error(found, scene), 0.6);
    EXPECT_LE(found->iterations, 500);
  }
}

TEST(GuidedEssentialTest, MisleadingWeightsOnlyCostTime) {
  // Wrong matches first.
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.5;
  auto matches = MakeMatches(scene, 1);
  for (double& weight : matches.weights) weight = weight > 0 ? 0.3 : 0.6;
  EXPECT_LT(Error(Estimate(matches), scene), 0.4);
}

// A pattern that is there twice: most matches with weight agree on the wrong
// one, and the right ones are mostly refused.
TEST(GuidedEssentialTest, WhatIsLeftOverMayBeTheAnswer) {
  Scene truth, ghost;
  truth.count = 180;
  truth.noise = ghost.noise = 0.3;
  ghost.count = 80;
  ghost.rotation = Turn({1, 0.3, -0.2}, 9);
  ghost.translation = {0.2, 1, -0.1};
  Matches matches;
  for (const PointPair& pair : Pairs(truth, 1)) {
    matches.pairs.push_back(pair);
    matches.weights.push_back(matches.pairs.size() % 3 == 0 ? 0.9 : 0.0);
  }
  for (const PointPair& pair : Pairs(ghost, 2)) {
    matches.pairs.push_back(pair);
    matches.weights.push_back(0.9);
  }
  EXPECT_LT(Error(Estimate(matches), truth), 1);
  // Without the refused matches the ghost has more.
  Matches kept;
  for (size_t i = 0; i < matches.pairs.size(); ++i) {
    if (matches.weights[i] == 0) continue;
    kept.pairs.push_back(matches.pairs[i]);
    kept.weights.push_back(matches.weights[i]);
  }
  EXPECT_LT(Error(Estimate(kept), ghost), 1);
}

// Points on a plane: the other pose would see it from the side.
TEST(GuidedEssentialTest, APlaneIsSeenSquarely) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Scene scene;
    scene.plane = true;
    scene.noise = 0.5;
    scene.count = 150;
    scene.rotation = Turn({0.1, 1, 0}, 25);
    scene.translation = {-3.5, 0.2, 0.8};
    EXPECT_LT(Error(Estimate(MakeMatches(scene, seed)), scene), 5) << seed;
  }
}

TEST(GuidedEssentialTest, TheOrderOfThePairsDoesNotMatter) {
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.6;
  const Matches matches = MakeMatches(scene, 2);
  for (const bool weighted : {false, true}) {
    Matches other = matches;
    Random random(3);
    for (int i = static_cast<int>(other.pairs.size()) - 1; i > 0; --i) {
      const int k = random.Integer(i + 1);
      std::swap(other.pairs[i], other.pairs[k]);
      std::swap(other.weights[i], other.weights[k]);
    }
    Matches first = matches;
    if (!weighted) {
      first.weights.clear();
      other.weights.clear();
    }
    const auto one = Estimate(first), two = Estimate(other);
    const auto again = Estimate(first);
    ASSERT_TRUE(one && two && again);
    EXPECT_EQ(one->essential, two->essential);
    EXPECT_EQ(one->pose.rotation, two->pose.rotation);
    EXPECT_EQ(one->iterations, two->iterations);
    EXPECT_EQ(one->score, two->score);
    EXPECT_EQ(one->inliers.size(), two->inliers.size());
    EXPECT_EQ(one->essential, again->essential);
    EXPECT_EQ(one->inliers, again->inliers);
  }
}

TEST(GuidedEssentialTest, InliersAreSoughtAmongAllPairs) {
  Scene scene;
  scene.noise = 0.3;
  const auto pairs = Pairs(scene, 4);
  std::vector<double> weights(pairs.size(), 0.0);
  std::fill_n(weights.begin(), 200, 0.5);
  const auto found = EstimateEssential(pairs, weights, kCamera1, kCamera2, {});
  ASSERT_TRUE(found);
  EXPECT_LE(found->score, 200);
  EXPECT_EQ(found->inliers,
            EpipolarInliers(
                FundamentalFromEssential(found->essential, kCamera1, kCamera2),
                pairs, 1.5));
  EXPECT_GT(found->inliers.size(), 900u);
}

TEST(GuidedEssentialTest, TheScoreIsTheSumOfItsPairs) {
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.4;
  const auto pairs = Pairs(scene, 5);
  Random random(6);
  std::vector<double> weights;
  for (size_t i = 0; i < pairs.size(); ++i) weights.push_back(random.Uniform());
  for (const bool weigh : {false, true}) {
    GuidedOptions options;
    options.weigh_scores = weigh;
    const auto found =
        EstimateEssential(pairs, weights, kCamera1, kCamera2, options);
    ASSERT_TRUE(found);
    const Matrix3 f =
        FundamentalFromEssential(found->essential, kCamera1, kCamera2);
    const double cutoff = options.cutoff_factor * options.max_error;
    double expected = 0;
    for (size_t i = 0; i < pairs.size(); ++i) {
      const double t = SquaredSampsonError(f, pairs[i]) / (cutoff * cutoff);
      expected += (weigh ? weights[i] : 1) * (1 - MagsacLoss(t));
    }
    EXPECT_NEAR(found->score, expected, 0.1);
  }
}

TEST(GuidedEssentialTest, TooLittleIsNoAnswer) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Scene scene;
  scene.count = 4;
  const auto four = Pairs(scene, 7);
  const std::vector<PointPair> copies(50, four[0]);
  const std::vector<PointPair> no_numbers(50, PointPair{nan, 0, 0, 0});
  for (const auto& pairs :
       {std::vector<PointPair>(), four, copies, no_numbers}) {
    EXPECT_FALSE(EstimateEssential(pairs, {}, kCamera1, kCamera2, {}));
  }
  scene.count = 50;
  EXPECT_FALSE(EstimateEssential(Pairs(scene, 8), std::vector<double>(50, 0.0),
                                 kCamera1, kCamera2, {}));
  std::vector<PointPair> line(50);
  for (int i = 0; i < 50; ++i) line[i] = {3.0 * i, 2.0 * i, 9.0, 5.0 + i};
  // Whatever comes back, it is not a crash.
  EstimateEssential(line, {}, kCamera1, kCamera2, {});
}

TEST(GuidedEssentialTest, UnusableInputIsRefused) {
  const auto pairs = Pairs({}, 9);
  const auto estimate = [&](std::vector<double> weights, GuidedOptions options,
                            PinholeCamera camera) {
    EstimateEssential(pairs, weights, camera, kCamera2, options);
  };
  EXPECT_THROW(estimate({1.0}, {}, kCamera1), InputError);
  EXPECT_THROW(estimate(std::vector<double>(pairs.size(), -1.0), {}, kCamera1),
               InputError);
  EXPECT_THROW(estimate({}, {}, {0, 1, 0, 0}), InputError);
  EXPECT_THROW(estimate({}, {.max_error = 0}, kCamera1), InputError);
  EXPECT_THROW(estimate({}, {.confidence = 1}, kCamera1), InputError);
  EXPECT_THROW(estimate({}, {.cutoff_factor = 0.5}, kCamera1), InputError);
}

// A wall with a pattern that repeats, and a few things before it. Matches of
// the wall that are moved by the pattern agree on a camera that moved by it,
// too; a classifier believes them.
struct Wallpaper {
  Scene scene;
  std::vector<PointPair> pairs;
  std::vector<double> weights;
  std::vector<int> right;  // indices

  Wallpaper(int moved, int unmoved, int things) {
    scene.translation = {-1, 0.1, 0.1};
    Random random(7);
    const Eigen::Vector3d pattern(0.9, -0.7, 0);
    const auto add = [&](const Eigen::Vector3d& p, const Eigen::Vector3d& q,
                         bool believed) {
      const Eigen::Vector2d a = Project(kCamera1, p);
      const Eigen::Vector2d b =
          Project(kCamera2, scene.rotation * q + scene.translation);
      if (!believed) right.push_back(static_cast<int>(pairs.size()));
      pairs.push_back(
          {a.x() + 0.3 * random.Normal(), a.y() + 0.3 * random.Normal(),
           b.x() + 0.3 * random.Normal(), b.y() + 0.3 * random.Normal()});
      weights.push_back(believed ? 0.9 : 0);
    };
    const auto point = [&](double z) {
      return Eigen::Vector3d(random.Uniform(-2, 2), random.Uniform(-1.5, 1.5),
                             z);
    };
    for (int k = 0; k < moved; ++k) {
      const Eigen::Vector3d p = point(6);
      add(p, p + pattern, true);
    }
    for (int k = 0; k < unmoved + things; ++k) {
      const Eigen::Vector3d p =
          point(k < unmoved ? 6 : random.Uniform(3.5, 5.5));
      add(p, p, false);
    }
  }

  std::optional<GuidedEssential> Estimate(const SecondLook& look) const {
    return EstimateEssential(pairs, weights, kCamera1, kCamera2,
                             {.second_look = look});
  }
  // A classifier that believes the others once the first are out.
  SecondLook Others() const {
    return [this](std::span<const int> explained) {
      std::vector<double> others(pairs.size());
      for (const int i : right) others[i] = 0.8;
      for (const int i : explained) others[i] = 0;
      return others;
    };
  }
};

TEST(GuidedEssentialTest, ThingsBeforeARepeatedWallDecide) {
  const Wallpaper wall(120, 80, 25);
  EXPECT_GT(Error(wall.Estimate(nullptr), wall.scene), 5);
  const auto found = wall.Estimate(wall.Others());
  EXPECT_LT(Error(found, wall.scene), 1);
  ASSERT_EQ(found->weights.size(), wall.pairs.size());
  EXPECT_EQ(found->weights[0], 0) << "moved by the pattern";
  EXPECT_EQ(found->weights[wall.right.back()], 0.8);
}

// Inliers, scene and confidence are then by the second look's weights, too.
TEST(GuidedEssentialTest, TwoViewGeometryTakesTheSecondLook) {
  const Wallpaper wall(120, 80, 25);
  TwoViewOptions options;
  options.model = TwoViewModel::kEssential;
  EXPECT_TRUE(EstimateTwoViewGeometry(wall.pairs, kCamera1, kCamera2, options,
                                      wall.weights)
                  .weights.empty());
  options.second_look = wall.Others();
  const TwoViewGeometry found = EstimateTwoViewGeometry(
      wall.pairs, kCamera1, kCamera2, options, wall.weights);
  ASSERT_TRUE(found.pose) << found.reason;
  EXPECT_LT(Error(*found.pose, wall.scene), 1);
  ASSERT_EQ(found.weights.size(), wall.pairs.size());
  EXPECT_EQ(found.weights[wall.right.back()], 0.8);
  EXPECT_GT(found.inliers.size(), 90);
}

TEST(GuidedEssentialTest, WithoutThingsTheFirstAnswerStays) {
  // Far fewer, and nothing before the wall.
  const Wallpaper wall(120, 40, 0);
  const auto found = wall.Estimate(wall.Others());
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->weights.empty());
  EXPECT_EQ(found->essential, wall.Estimate(nullptr)->essential);
}

TEST(GuidedEssentialTest, WithDepthThereIsNoSecondLook) {
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.4;
  int looks = 0;
  const auto found = Estimate(MakeMatches(scene, 3), {.second_look = [&](auto) {
                                ++looks;
                                return std::vector<double>(scene.count);
                              }});
  EXPECT_LT(Error(found, scene), 1);
  EXPECT_EQ(looks, 0);
}

// Median and 90th percentile.
std::array<double, 2> Percentiles(std::vector<double> errors) {
  std::sort(errors.begin(), errors.end());
  return {errors[errors.size() / 2], errors[errors.size() * 9 / 10]};
}

TEST(GuidedEssentialTest, AtLeastAsAccurateAsUsac) {
  constexpr int kScenes = 15;
  for (const double baseline : {1.0, 0.2}) {
    Scene scene;
    scene.translation *= baseline;
    scene.noise = 0.5;
    scene.outliers = 0.5;
    std::vector<double> ours, usac;
    for (uint64_t seed = 0; seed < kScenes; ++seed) {
      auto matches = MakeMatches(scene, seed);
      matches.weights.clear();
      ours.push_back(Error(Estimate(matches, {.seed = seed}), scene));
      TwoViewOptions options;
      options.model = TwoViewModel::kEssential;
      options.seed = seed;
      const auto essential =
          UsacMagsac(matches.pairs, kCamera1, kCamera2, options);
      std::vector<PointPair> voters;
      if (essential) {
        const Matrix3 f =
            FundamentalFromEssential(*essential, kCamera1, kCamera2);
        for (const int i : EpipolarInliers(f, matches.pairs, 1.5)) {
          voters.push_back(Normalized(matches.pairs[i], kCamera1, kCamera2));
        }
      }
      usac.push_back(essential
                         ? Error(PoseFromEssential(*essential, voters), scene)
                         : 180);
    }
    const auto [our_median, our_tail] = Percentiles(ours);
    const auto [usac_median, usac_tail] = Percentiles(usac);
    EXPECT_LT(our_median, usac_median);
    EXPECT_LT(our_tail, usac_tail);
  }
}

}  // namespace
}  // namespace tiepoint
