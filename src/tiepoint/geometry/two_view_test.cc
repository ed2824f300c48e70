// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/two_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;

TwoViewGeometry Estimate(const std::vector<PointPair>& pairs,
                         TwoViewModel model, uint64_t seed = 0) {
  TwoViewOptions options;
  options.model = model;
  options.seed = seed;
  return EstimateTwoViewGeometry(pairs, kCamera1, kCamera2, options);
}

void ExpectPose(const TwoViewGeometry& answer, const Scene& scene,
                double max_rotation, double max_translation) {
  ASSERT_TRUE(answer.success) << answer.reason;
  ASSERT_TRUE(answer.pose) << answer.reason;
  EXPECT_LT(RotationErrorDegrees(*answer.pose, scene), max_rotation);
  EXPECT_LT(TranslationErrorDegrees(*answer.pose, scene), max_translation);
  const Vector3d t(answer.pose->translation.data());
  const Matrix3d e = AsMatrix(answer.matrix);
  EXPECT_NEAR(t.norm(), 1, 1e-12);
  EXPECT_NEAR(e.norm(), 1, 1e-12);
  const Matrix3d expected =
      (Cross(t) * AsMatrix(answer.pose->rotation)).normalized();
  EXPECT_LT((e - expected).norm(), 1e-12);
}

TEST(TwoViewTest, ExactPointsGiveTheExactPose) {
  const Scene scene;
  const auto pairs = Pairs(scene, 1);
  const auto answer = Estimate(pairs, TwoViewModel::kEssential);
  ExpectPose(answer, scene, 1e-4, 1e-3);
  EXPECT_EQ(answer.inliers.size(), pairs.size());
  EXPECT_NEAR(answer.pose->RotationAngle(), 12 * kDegree, 1e-5);
}

TEST(TwoViewTest, NoiseAndOutliersLeaveThePose) {
  for (const double outliers : {0.0, 0.3, 0.6}) {
    for (uint64_t seed = 0; seed < 5; ++seed) {
      SCOPED_TRACE(testing::Message() << outliers << " seed " << seed);
      Scene scene;
      scene.noise = 0.5;
      scene.outliers = outliers;
      scene.translation = Turn({0, 1, 1}, 70.0 * seed) * scene.translation;
      const auto pairs = Pairs(scene, 10 + seed);
      const auto answer = Estimate(pairs, TwoViewModel::kEssential, seed);
      ExpectPose(answer, scene, 0.1, 0.5);
    }
  }
}

TEST(TwoViewTest, WideBaselineAndHalfATurn) {
  Scene scene;
  scene.rotation = Turn({0, 0, 1}, 175) * Turn({0, 1, 0}, 30);
  scene.translation = {-4, 0, 1};
  scene.noise = 0.5;
  scene.outliers = 0.4;
  ExpectPose(Estimate(Pairs(scene, 2), TwoViewModel::kEssential), scene, 0.1,
             0.5);
}

TEST(TwoViewTest, ForwardMotion) {
  Scene scene;
  scene.rotation = Turn({0, 1, 0}, 2);
  scene.translation = {0.05, 0.02, -1.5};
  scene.noise = 0.3;
  scene.outliers = 0.3;
  ExpectPose(Estimate(Pairs(scene, 3), TwoViewModel::kEssential), scene, 0.1,
             0.5);
}

TEST(TwoViewTest, InliersAreThosePairsWithinTheError) {
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.5;
  const auto pairs = Pairs(scene, 4);
  const auto answer = Estimate(pairs, TwoViewModel::kFundamental);
  ASSERT_TRUE(answer.success) << answer.reason;
  EXPECT_EQ(answer.reason, "");
  EXPECT_FALSE(answer.pose);
  EXPECT_NEAR(AsMatrix(answer.matrix).norm(), 1, 1e-12);
  std::vector<int> expected;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (SquaredSampsonError(answer.matrix, pairs[i]) <= 1.5 * 1.5) {
      expected.push_back(static_cast<int>(i));
    }
  }
  EXPECT_EQ(answer.inliers, expected);
  // Noise of 0.5 pixels: nearly every true pair is within 3 sigma.
  EXPECT_GT(answer.inliers.size(), 450u);
}

TEST(TwoViewTest, FundamentalMatrixFitsNewPoints) {
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.6;
  const auto answer = Estimate(Pairs(scene, 5), TwoViewModel::kFundamental);
  ASSERT_TRUE(answer.success) << answer.reason;
  scene.noise = 0;
  scene.outliers = 0;
  double sum = 0;
  const auto fresh = Pairs(scene, 6);
  for (const auto& pair : fresh)
    sum += SquaredSampsonError(answer.matrix, pair);
  EXPECT_LT(std::sqrt(sum / fresh.size()), 0.2);
}

TEST(TwoViewTest, HomographyOfAPlane) {
  Scene scene;
  scene.plane = true;
  scene.noise = 0.5;
  scene.outliers = 0.6;
  const auto answer = Estimate(Pairs(scene, 7), TwoViewModel::kHomography);
  ASSERT_TRUE(answer.success) << answer.reason;
  EXPECT_EQ(answer.matrix[8], 1);
  scene.noise = 0;
  scene.outliers = 0;
  for (const auto& pair : Pairs(scene, 8)) {
    EXPECT_LT(TransferError(answer.matrix, pair), 0.5);
  }
}

TEST(TwoViewTest, SampsonErrorIsTheFirstOrderDistance) {
  // The nearest (x1, x2) that fulfils x2' M x1 = 0, found by Newton steps along
  // numeric gradients: for small errors its distance is the Sampson error.
  const Scene scene;
  const Matrix3d f = (Matrix3d() << kCamera2.fx, 0, kCamera2.cx, 0, kCamera2.fy,
                      kCamera2.cy, 0, 0, 1)
                         .finished()
                         .inverse()
                         .transpose() *
                     Cross(scene.Direction()) * scene.rotation *
                     (Matrix3d() << kCamera1.fx, 0, kCamera1.cx, 0, kCamera1.fy,
                      kCamera1.cy, 0, 0, 1)
                         .finished()
                         .inverse();
  Matrix3 m;
  for (int k = 0; k < 9; ++k) m[k] = f(k / 3, k % 3);
  const auto value = [&](const Eigen::Vector4d& p) {
    return Vector3d(p(2), p(3), 1).dot(f * Vector3d(p(0), p(1), 1));
  };
  Random random(9);
  for (const auto& pair : Pairs(scene, 10)) {
    EXPECT_LT(SquaredSampsonError(m, pair), 1e-16);
    const Eigen::Vector4d start(
        pair.x1 + random.Normal(), pair.y1 + random.Normal(),
        pair.x2 + random.Normal(), pair.y2 + random.Normal());
    Eigen::Vector4d p = start;
    for (int step = 0; step < 5; ++step) {
      Eigen::Vector4d gradient;
      for (int k = 0; k < 4; ++k) {
        const Eigen::Vector4d d = 0.5 * Eigen::Vector4d::Unit(k);
        gradient(k) = value(p + d) - value(p - d);
      }
      const Eigen::Vector4d along = gradient / gradient.squaredNorm();
      // The point of the linearised surface that is nearest to `start`.
      p = start + along * (gradient.dot(p - start) - value(p));
    }
    const double distance = (p - start).norm();
    const double sampson = std::sqrt(
        SquaredSampsonError(m, {start(0), start(1), start(2), start(3)}));
    EXPECT_NEAR(sampson, distance, 1e-3 + 2e-2 * distance);
  }
}

TEST(TwoViewTest, TransferErrorByHand) {
  const Matrix3 h{2, 0, 1, 0, 2, 0, 0, 0.5, 1};
  EXPECT_NEAR(TransferError(h, {1, 2, 1.5, 5}), 3, 1e-12);  // (3, 4) / 2
  EXPECT_EQ(TransferError(h, {1, -2, 0, 0}),
            std::numeric_limits<double>::infinity());
}

TEST(TwoViewTest, PureRotationHasAMatrixButNoTranslation) {
  for (const double outliers : {0.0, 0.5}) {
    for (uint64_t seed = 0; seed < 4; ++seed) {
      Scene scene;
      scene.translation.setZero();
      scene.noise = seed == 0 ? 0 : 0.4;
      scene.outliers = outliers;
      const auto answer =
          Estimate(Pairs(scene, 20 + seed), TwoViewModel::kEssential, seed);
      EXPECT_TRUE(answer.success) << answer.reason;
      EXPECT_FALSE(answer.pose);
      EXPECT_THAT(answer.reason, testing::HasSubstr("turned"));
    }
  }
}

TEST(TwoViewTest, SameImageTwice) {
  Scene scene;
  auto pairs = Pairs(scene, 30);
  for (auto& pair : pairs) {
    pair.x2 = pair.x1;
    pair.y2 = pair.y1;
  }
  const auto essential = EstimateTwoViewGeometry(
      pairs, kCamera1, kCamera1, {.model = TwoViewModel::kEssential});
  EXPECT_FALSE(essential.pose);
  EXPECT_NE(essential.reason, "");
  const auto homography = Estimate(pairs, TwoViewModel::kHomography);
  ASSERT_TRUE(homography.success);
  EXPECT_LT((AsMatrix(homography.matrix) - Matrix3d::Identity()).norm(), 1e-4);
}

TEST(TwoViewTest, SmallParallaxStillTellsTheDirection) {
  // One tenth of the points is near, the rest is far away.
  Scene far;
  far.near = 900;
  far.far = 1000;
  far.noise = 0.3;
  far.outliers = 0.2;
  Scene close = far;
  close.near = 5;
  close.far = 10;
  close.count = 200;
  auto pairs = Pairs(far, 31);
  const auto more = Pairs(close, 32);
  pairs.insert(pairs.end(), more.begin(), more.end());
  ExpectPose(Estimate(pairs, TwoViewModel::kEssential), far, 0.1, 1.0);
}

TEST(TwoViewTest, PlaneWithCamerasGivesAPoseThatFits) {
  Scene scene;
  scene.plane = true;
  scene.noise = 0.3;
  const auto pairs = Pairs(scene, 33);
  const auto answer = Estimate(pairs, TwoViewModel::kEssential);
  ASSERT_TRUE(answer.success) << answer.reason;
  ASSERT_TRUE(answer.pose);
  EXPECT_GT(answer.inliers.size(), 0.98 * pairs.size());
}

TEST(TwoViewTest, APlaneIsNamedAndDepthIsNot) {
  Scene scene;
  scene.noise = 0.6;
  scene.outliers = 0.3;
  EXPECT_EQ(Estimate(Pairs(scene, 42), TwoViewModel::kEssential).reason, "");
  scene.plane = true;
  const auto answer = Estimate(Pairs(scene, 42), TwoViewModel::kEssential);
  EXPECT_TRUE(answer.pose);
  EXPECT_THAT(answer.reason, testing::HasSubstr("plane"));
}

// Weights of a classifier that is right 19 times of 20.
std::vector<double> WeightsOf(const std::vector<PointPair>& pairs,
                              const Matrix3& model, bool homography) {
  Random random(1);
  std::vector<double> weights;
  for (const PointPair& pair : pairs) {
    const bool good = homography ? TransferError(model, pair) < 4
                                 : SquaredSampsonError(model, pair) < 4;
    weights.push_back(random.Chance(0.95) == good ? 0.9 : 0.0);
  }
  return weights;
}

TEST(TwoViewTest, WeightsGuideEveryModel) {
  Scene scene;
  scene.noise = 0.5;
  for (const auto model : {TwoViewModel::kEssential, TwoViewModel::kFundamental,
                           TwoViewModel::kHomography}) {
    SCOPED_TRACE(Name(model));
    const bool homography = model == TwoViewModel::kHomography;
    scene.plane = homography;
    scene.outliers = 0;
    const auto truth = Estimate(
        Pairs(scene, 43), homography ? model : TwoViewModel::kFundamental);
    scene.outliers = 0.93;
    scene.count = 3000;
    const auto pairs = Pairs(scene, 44);
    const auto weights = WeightsOf(pairs, truth.matrix, homography);
    const auto answer = EstimateTwoViewGeometry(pairs, kCamera1, kCamera2,
                                                {.model = model}, weights);
    ASSERT_TRUE(answer.success) << answer.reason;
    // Of some 210; those of weight 0 are among them.
    EXPECT_GT(answer.inliers.size(), 170u);
    EXPECT_TRUE(std::any_of(answer.inliers.begin(), answer.inliers.end(),
                            [&](int i) { return weights[i] == 0; }));
    if (model == TwoViewModel::kEssential) ExpectPose(answer, scene, 0.4, 1);
  }
}

TEST(TwoViewTest, DegenerateMatchesAreNamedWithWeightsToo) {
  Scene scene;
  scene.noise = 0.4;
  const auto estimate = [](const std::vector<PointPair>& pairs) {
    return EstimateTwoViewGeometry(pairs, kCamera1, kCamera2,
                                   {.model = TwoViewModel::kEssential},
                                   std::vector<double>(pairs.size(), 0.5));
  };
  scene.plane = true;
  EXPECT_THAT(estimate(Pairs(scene, 45)).reason, testing::HasSubstr("plane"));
  scene.plane = false;
  scene.translation.setZero();
  const auto turned = estimate(Pairs(scene, 46));
  EXPECT_TRUE(turned.success);
  EXPECT_FALSE(turned.pose);
  EXPECT_THAT(turned.reason, testing::HasSubstr("turned"));
  scene.outliers = 1;
  for (const int count : {12, 60, 500}) {
    scene.count = count;
    EXPECT_FALSE(estimate(Pairs(scene, 47)).success);
  }
  scene.count = 4;
  EXPECT_THAT(estimate(Pairs(scene, 48)).reason, testing::HasSubstr("needed"));
}

TEST(TwoViewTest, PlaneLeavesTheFundamentalMatrixOpen) {
  Scene scene;
  scene.plane = true;
  scene.noise = 0.3;
  scene.outliers = 0.3;
  const auto answer = Estimate(Pairs(scene, 34), TwoViewModel::kFundamental);
  EXPECT_TRUE(answer.success);
  EXPECT_THAT(answer.reason, testing::HasSubstr("plane"));
}

TEST(TwoViewTest, APhotographAgainstItselfIsNamed) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<PointPair> pairs;
    for (int i = 0; i < 300; ++i) {
      const double x = random.Uniform(0, kWidth);
      const double y = random.Uniform(0, kHeight);
      pairs.push_back({x, y, x, y});
    }
    EXPECT_TRUE(Estimate(pairs, TwoViewModel::kHomography).success);
    EXPECT_THAT(Estimate(pairs, TwoViewModel::kFundamental).reason,
                testing::HasSubstr("plane"));
  }
}

TEST(TwoViewTest, DegenerateInputIsAnAnswer) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<PointPair> line, one_place, few, bad, line2;
  Random random(35);
  for (int i = 0; i < 200; ++i) {
    line.push_back({3.0 * i, 2.0 * i, 100 + 2.0 * i, 50.0 + i});
    line2.push_back({random.Uniform(0, 800), random.Uniform(0, 600),
                     100 + 2.0 * i, 50.0 + i});
    one_place.push_back({10, 20, 30, 40});
    bad.push_back({nan, 1.0 * i, infinity, 1e30});
  }
  few.assign(line.begin(), line.begin() + 3);
  for (const auto model : {TwoViewModel::kEssential, TwoViewModel::kFundamental,
                           TwoViewModel::kHomography}) {
    for (const auto& pairs :
         {std::vector<PointPair>{}, line, line2, one_place, few, bad}) {
      SCOPED_TRACE(Name(model));
      const auto answer = Estimate(pairs, model);
      EXPECT_FALSE(answer.success);
      EXPECT_FALSE(answer.pose);
      EXPECT_TRUE(answer.inliers.empty());
      EXPECT_NE(answer.reason, "");
    }
  }
}

TEST(TwoViewTest, WrongMatchesAloneAreNoAnswer) {
  // All over the image, and crowded on an object: the second has many inliers
  // by chance.
  for (const double spread : {1.0, 0.2}) {
    for (const int count : {12, 60, 500}) {
      for (uint64_t seed = 0; seed < 3; ++seed) {
        Random random(seed);
        std::vector<PointPair> pairs;
        pairs.reserve(count);
        for (int i = 0; i < count; ++i) {
          pairs.push_back({spread * random.Uniform(0, kWidth),
                           spread * random.Uniform(0, kHeight),
                           spread * random.Uniform(0, kWidth),
                           spread * random.Uniform(0, kHeight)});
        }
        for (const auto model :
             {TwoViewModel::kEssential, TwoViewModel::kFundamental,
              TwoViewModel::kHomography}) {
          const auto answer = Estimate(pairs, model, seed);
          EXPECT_FALSE(answer.success)
              << Name(model) << " of " << count
              << " matches: " << answer.inliers.size() << " inliers";
        }
      }
    }
  }
}

TEST(TwoViewTest, FewTrueMatchesAreAnAnswer) {
  Scene scene;
  scene.count = 12;
  scene.noise = 0.3;
  for (const auto model :
       {TwoViewModel::kEssential, TwoViewModel::kFundamental}) {
    EXPECT_TRUE(Estimate(Pairs(scene, 40), model).success);
  }
  // 4 of 5 matches wrong.
  scene.count = 400;
  scene.outliers = 0.8;
  ExpectPose(Estimate(Pairs(scene, 41), TwoViewModel::kEssential), scene, 0.5,
             2);
}

TEST(TwoViewTest, PairsWithoutNumbersAreLeftOut) {
  const Scene scene;
  auto pairs = Pairs(scene, 36);
  pairs[5].x1 = std::numeric_limits<double>::quiet_NaN();
  pairs[7].y2 = std::numeric_limits<double>::infinity();
  for (const auto model :
       {TwoViewModel::kEssential, TwoViewModel::kFundamental}) {
    const auto answer = Estimate(pairs, model);
    ASSERT_TRUE(answer.success);
    EXPECT_EQ(answer.inliers.size(), pairs.size() - 2);
    EXPECT_THAT(answer.inliers, testing::Not(testing::Contains(5)));
    EXPECT_THAT(answer.inliers, testing::Not(testing::Contains(7)));
  }
}

TEST(TwoViewTest, CopiesOfAPairAreOnePair) {
  const Scene scene;
  auto pairs = Pairs(scene, 37);
  pairs.resize(7);
  const size_t distinct = pairs.size();
  for (int i = 0; i < 100; ++i) pairs.push_back(pairs[i % distinct]);
  EXPECT_FALSE(Estimate(pairs, TwoViewModel::kEssential).success);
}

TEST(TwoViewTest, TheSeedDecides) {
  Scene scene;
  scene.noise = 0.5;
  scene.outliers = 0.6;
  const auto pairs = Pairs(scene, 38);
  for (const auto model : {TwoViewModel::kEssential, TwoViewModel::kFundamental,
                           TwoViewModel::kHomography}) {
    const auto one = Estimate(pairs, model, 5);
    const auto same = Estimate(pairs, model, 5);
    EXPECT_EQ(one.success, same.success);
    EXPECT_EQ(one.matrix, same.matrix);
    EXPECT_EQ(one.inliers, same.inliers);
  }
}

TEST(TwoViewTest, UnusableOptionsAndCamerasAreRefused) {
  const Scene scene;
  const auto pairs = Pairs(scene, 39);
  TwoViewOptions options;
  options.model = TwoViewModel::kEssential;
  PinholeCamera no_focal_length = kCamera1;
  no_focal_length.fx = 0;
  EXPECT_THROW(
      EstimateTwoViewGeometry(pairs, no_focal_length, kCamera2, options),
      InputError);
  const std::vector<double> one_weight(1, 1.0);
  EXPECT_THROW(
      EstimateTwoViewGeometry(pairs, kCamera1, kCamera2, options, one_weight),
      InputError);
  options.max_error = 0;
  EXPECT_THROW(EstimateTwoViewGeometry(pairs, kCamera1, kCamera2, options),
               InputError);
}

TEST(EpipolarErrorTest, IsTheSquaredDistanceToBothLines) {
  // Sideways motion: the line of (x, y) is y2 = y1, in both images.
  const Matrix3 sideways{0, 0, 0, 0, 0, -1, 0, 1, 0};
  EXPECT_NEAR(SquaredEpipolarError(sideways, {3, 5, 90, 7}), 2 * 4, 1e-12);
  // The scale of the matrix does not matter, the second image's zoom does.
  const Matrix3 zoomed{0, 0, 0, 0, 0, -10, 0, 20, 0};  // 2 y1 = y2
  EXPECT_NEAR(SquaredEpipolarError(zoomed, {3, 5, 90, 12}), 4 + 1, 1e-12);
}

}  // namespace
}  // namespace tiepoint
