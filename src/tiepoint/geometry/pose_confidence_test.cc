// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/pose_confidence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tiepoint/geometry/eigen_arrays.h"
#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

RelativePose Truth(const Scene& scene) {
  RelativePose pose{ToArray(scene.rotation), {}};
  for (int k = 0; k < 3; ++k) pose.translation[k] = scene.Direction()(k);
  return pose;
}

PoseEvidence Evidence(const Scene& scene, uint64_t seed) {
  return FindPoseEvidence(Pairs(scene, seed), {}, Truth(scene), kCamera1,
                          kCamera2, 3);
}

TEST(PoseEvidenceTest, CountsInliers) {
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.6;
  const PoseEvidence evidence = Evidence(scene, 1);
  EXPECT_NEAR(evidence.share, 0.4, 0.05);
  EXPECT_NEAR(evidence.inliers, 400, 50);
}

TEST(PoseEvidenceTest, SmallBaselinesAndFewMatchesAreUnsure) {
  Scene wide;
  wide.noise = 0.5;
  Scene narrow = wide;
  narrow.translation *= 0.05;
  Scene few = wide;
  few.count = 60;
  const double sigma = Evidence(wide, 2).sigma;
  EXPECT_LT(sigma, 0.2);
  EXPECT_GT(Evidence(narrow, 2).sigma, 5 * sigma);
  // Four times the error of sixteen times the matches, roughly.
  EXPECT_GT(Evidence(few, 2).sigma, 2 * sigma);
}

TEST(PoseEvidenceTest, NothingIsNoEvidence) {
  const PoseEvidence evidence =
      FindPoseEvidence({}, {}, Truth({}), kCamera1, kCamera2, 1);
  EXPECT_EQ(evidence.inliers, 0);
  EXPECT_EQ(evidence.sigma, 90);
  EXPECT_LT(PoseConfidence(evidence), 0.1);
}

TEST(PoseConfidenceTest, GrowsWithTheEvidence) {
  const PoseEvidence weak{.inliers = 5, .share = 0.1, .sigma = 20};
  const PoseEvidence strong{.inliers = 400, .share = 0.8, .sigma = 0.2};
  EXPECT_LT(PoseConfidence(weak), 0.3);
  EXPECT_GT(PoseConfidence(strong), 0.9);
  for (const double more : {1.5, 4.0}) {
    PoseEvidence better = weak;
    better.inliers *= more;
    EXPECT_GT(PoseConfidence(better), PoseConfidence(weak));
  }
}

// Answers drawn by known coefficients give them back.
TEST(PoseConfidenceTest, FitFindsTheCoefficients) {
  const ConfidenceCoefficients truth = {-3, 0.8, 1, -0.7};
  Random random(3);
  std::vector<PoseEvidence> evidence;
  std::vector<bool> right;
  for (int i = 0; i < 20000; ++i) {
    evidence.push_back({.inliers = std::exp(random.Uniform(1, 7)),
                        .share = random.Uniform(0.05, 1),
                        .sigma = std::exp(random.Uniform(-4, 4))});
    right.push_back(random.Chance(PoseConfidence(evidence.back(), truth)));
  }
  const ConfidenceCoefficients fitted = FitPoseConfidence(evidence, right);
  for (int k = 0; k < 4; ++k) EXPECT_NEAR(fitted[k], truth[k], 0.25) << k;
}

TEST(PoseConfidenceTest, FitOfOneKindIsFinite) {
  const std::vector<PoseEvidence> evidence(5, PoseEvidence{100, 0.5, 1});
  for (const double c :
       FitPoseConfidence(evidence, {true, true, true, true, true})) {
    EXPECT_TRUE(std::isfinite(c));
  }
}

}  // namespace
}  // namespace tiepoint
