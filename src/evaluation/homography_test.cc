// SPDX-License-Identifier: Apache-2.0
#include "evaluation/homography.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluation/planar_pair.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

constexpr Matrix3 kIdentity{1, 0, 0, 0, 1, 0, 0, 0, 1};

TEST(HomographyTest, CornerErrorIsTheMeanOfFourDistances) {
  EXPECT_EQ(CornerError(kIdentity, kIdentity, 101, 51), 0);
  EXPECT_NEAR(CornerError({1, 0, 3, 0, 1, 4, 0, 0, 1}, kIdentity, 101, 51), 5,
              1e-12);
  // Twice as large: corners (0, 0) (100, 0) (0, 50) (100, 50) move by their
  // own length.
  EXPECT_NEAR(CornerError({2, 0, 0, 0, 2, 0, 0, 0, 1}, kIdentity, 101, 51),
              (100 + 50 + std::hypot(100, 50)) / 4, 1e-12);
  // The factor of a homography does not matter.
  EXPECT_NEAR(CornerError({-7, 0, 0, 0, -7, 0, 0, 0, -7}, kIdentity, 9, 9), 0,
              1e-12);
  // The corner (0, 0) on the horizon.
  EXPECT_TRUE(
      std::isinf(CornerError({1, 0, 1, 0, 1, 1, 1, 1, 0}, kIdentity, 101, 51)));
}

std::vector<PointPair> Matches(const Matrix3& h, int right, int wrong) {
  Random random(5);
  std::vector<PointPair> matches;
  for (int k = 0; k < right + wrong; ++k) {
    const double x = random.Uniform(0, 640), y = random.Uniform(0, 480);
    PlanePoint p = Transferred(h, x, y);
    p.x += 0.3 * random.Normal();
    p.y += 0.3 * random.Normal();
    if (k >= right) p = {random.Uniform(0, 640), random.Uniform(0, 480)};
    matches.push_back({x, y, p.x, p.y});
  }
  return matches;
}

TEST(HomographyTest, FindsTheHomographyAmongWrongMatches) {
  const Matrix3 h{0.9, 0.1, 30, -0.1, 1.1, 8, 1e-4, -2e-4, 1};
  for (const auto estimator :
       {HomographyEstimator::kMagsac, HomographyEstimator::kRansac}) {
    HomographyOptions options;
    options.estimator = estimator;
    for (uint64_t seed = 0; seed < 5; ++seed) {
      const auto estimate =
          EstimateHomography(Matches(h, 80, 80), options, seed);
      ASSERT_TRUE(estimate);
      EXPECT_LT(CornerError(*estimate, h, 640, 480), 1);
      EXPECT_EQ(estimate,
                EstimateHomography(Matches(h, 80, 80), options, seed));
    }
  }
}

TEST(HomographyTest, TooFewMatchesAreNoAnswer) {
  const auto three = Matches(kIdentity, 3, 0);
  EXPECT_FALSE(EstimateHomography({}, {}, 0));
  EXPECT_FALSE(EstimateHomography(three, {}, 0));
  // One place four times.
  EXPECT_NO_THROW(
      EstimateHomography({three[0], three[0], three[0], three[0]}, {}, 0));
}

TEST(HomographyTest, EstimatorsByName) {
  EXPECT_EQ(ParseHomographyEstimator("ransac"), HomographyEstimator::kRansac);
  EXPECT_THROW(ParseHomographyEstimator("lmeds"), InputError);
  HomographyOptions options;
  EXPECT_EQ(options.MaxError(), 2);
  options.estimator = HomographyEstimator::kRansac;
  EXPECT_EQ(options.MaxError(), 3);
  options.max_error = 1.5;
  EXPECT_EQ(options.MaxError(), 1.5);
}

}  // namespace
}  // namespace tiepoint
