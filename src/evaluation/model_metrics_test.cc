// SPDX-License-Identifier: Apache-2.0
#include "evaluation/model_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <numbers>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Lt;

constexpr double kDegree = std::numbers::pi / 180;

Matrix3 Rotation(double degrees, const Vector3d& axis) {
  Matrix3 result;
  Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(result.data()) =
      Eigen::AngleAxisd(degrees * kDegree, axis.normalized())
          .toRotationMatrix();
  return result;
}

Matrix3d AsEigen(const Matrix3& m) {
  return Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(
      m.data());
}

Similarity SomeSimilarity() {
  return {2.5, Rotation(70, {1, -2, 0.5}), {10, -20, 3}};
}

std::vector<std::pair<Vector3, Vector3>> Pairs(int count, bool on_a_line) {
  Random random(7);
  std::vector<std::pair<Vector3, Vector3>> pairs;
  for (int i = 0; i < count; ++i) {
    Vector3 point{random.Normal(), random.Normal(), random.Normal()};
    if (on_a_line) point = {point[0], 2 * point[0], 1 - point[0]};
    pairs.emplace_back(point, SomeSimilarity()(point));
  }
  return pairs;
}

double Distance(const Vector3& a, const Vector3& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

// A model whose cameras look as the true ones do, in a world of its own.
struct Cameras {
  ColmapModel model;
  std::map<std::string, CameraPose> truth;
};
Cameras SomeCameras(int count, bool on_a_line) {
  Cameras cameras;
  const Similarity true_from_model = SomeSimilarity();
  const auto pairs = Pairs(count, on_a_line);
  for (int i = 0; i < count; ++i) {
    const Matrix3 rotation = Rotation(40 * i, {1, 0.1 * i, 2});
    const Matrix3d in_model =
        AsEigen(rotation) * AsEigen(true_from_model.rotation);
    ColmapImage image;
    image.name = "image" + std::to_string(i);
    Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(
        image.rotation.data()) = in_model;
    Vector3d::Map(image.translation.data()) =
        -in_model * Vector3d(pairs[i].first.data());
    CameraPose pose{rotation, {}};
    Vector3d::Map(pose.translation.data()) =
        -AsEigen(rotation) * Vector3d(pairs[i].second.data());
    cameras.truth[image.name] = pose;
    cameras.model.images[10 + i] = image;
  }
  return cameras;
}

TEST(ModelMetricsTest, StatisticsOfAModel) {
  ColmapModel model;
  model.images[1] = model.images[4] = model.images[5] = {};
  model.points[1] = {{}, 0.5, {{1, 0}, {4, 0}}};
  model.points[9] = {{}, 1.0, {{1, 1}, {4, 1}, {5, 0}}};
  const ModelStatistics statistics = StatisticsOf(model);
  EXPECT_EQ(statistics.registered, 3);
  EXPECT_EQ(statistics.points, 2);
  EXPECT_EQ(statistics.observations, 5);
  EXPECT_DOUBLE_EQ(statistics.track_length, 2.5);
  EXPECT_DOUBLE_EQ(statistics.reprojection_error, 0.75);
  EXPECT_DOUBLE_EQ(statistics.observation_error, 0.8);  // (2 / 2 + 3) / 5
}

TEST(ModelMetricsTest, AnEmptyModelHasZeros) {
  const ModelStatistics statistics = StatisticsOf({});
  EXPECT_EQ(statistics.registered, 0);
  EXPECT_EQ(statistics.track_length, 0);
  EXPECT_EQ(statistics.reprojection_error, 0);
}

TEST(ModelMetricsTest, TheCentreProjectsToZero) {
  const CameraPose pose{Rotation(30, {0, 0, 1}), {1, 2, 3}};
  const Vector3 centre = pose.Centre();
  const Vector3d zero = AsEigen(pose.rotation) * Vector3d(centre.data()) +
                        Vector3d(pose.translation.data());
  EXPECT_LT(zero.norm(), 1e-12);
}

TEST(ModelMetricsTest, FindsTheSimilarity) {
  for (const bool on_a_line : {false, true}) {
    for (const int count : {3, 4, 11, 40}) {
      const auto pairs = Pairs(count, on_a_line);
      for (const auto& found :
           {FitSimilarity(pairs), FitSimilarityRobustly(pairs)}) {
        ASSERT_TRUE(found);
        EXPECT_NEAR(found->scale, 2.5, 1e-9);
        for (const auto& [modelled, truth] : pairs) {
          EXPECT_LT(Distance((*found)(modelled), truth), 1e-9);
        }
      }
    }
  }
}

TEST(ModelMetricsTest, GrossErrorsDoNotMoveTheSimilarity) {
  for (const int count : {5, 11, 40}) {
    auto pairs = Pairs(count, false);
    const int wrong = (count - 3) / 2;
    for (int i = 0; i < wrong; ++i) pairs[2 * i].first[i % 3] += 3 + i;
    const auto found = FitSimilarityRobustly(pairs);
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->scale, 2.5, 1e-9) << count;
    EXPECT_GT(std::abs(FitSimilarity(pairs)->scale - 2.5), 0.01) << count;
  }
}

// With errors of one size there is nothing to leave out.
TEST(ModelMetricsTest, EqualErrorsAreLeastSquares) {
  auto pairs = Pairs(4, false);
  pairs[0].second = {1, 1, 1};
  pairs[1].second = {1, -1, -1};
  pairs[2].second = {-1, 1, -1};
  pairs[3].second = {-1, -1, 1};
  for (auto& [modelled, truth] : pairs) {
    modelled = truth;
    for (double& x : truth) x *= 1.01;
  }
  const auto robust = FitSimilarityRobustly(pairs);
  ASSERT_TRUE(robust);
  EXPECT_NEAR(robust->scale, 1.01, 1e-12);
}

TEST(ModelMetricsTest, NoSimilarityOfTooLittle) {
  EXPECT_FALSE(FitSimilarity(Pairs(2, false)));
  EXPECT_FALSE(FitSimilarityRobustly(Pairs(2, false)));
  const std::vector<std::pair<Vector3, Vector3>> one_point(
      5, {{1, 2, 3}, {4, 5, 6}});
  EXPECT_FALSE(FitSimilarity(one_point));
  EXPECT_FALSE(FitSimilarityRobustly(one_point));
}

TEST(ModelMetricsTest, AModelOfTheTruthHasNoErrors) {
  for (const bool on_a_line : {false, true}) {
    const Cameras cameras = SomeCameras(6, on_a_line);
    const PoseErrors errors = ComparePoses(cameras.model, cameras.truth);
    ASSERT_EQ(errors.images.size(), 6u);
    EXPECT_THAT(errors.position, Each(Lt(1e-9)));
    EXPECT_THAT(errors.rotation, Each(Lt(1e-6)));
  }
}

TEST(ModelMetricsTest, ErrorsAreThoseOfTheWrongCamera) {
  Cameras cameras = SomeCameras(7, false);
  // Moved by 0.3 in the model's unit, then turned by 5 degrees about itself.
  ColmapImage& image = cameras.model.images.at(12);
  const Matrix3d rotation = AsEigen(image.rotation);
  Vector3d centre = -rotation.transpose() * Vector3d(image.translation.data());
  centre += Vector3d(0, 0.3, 0);
  const Matrix3d turned = AsEigen(Rotation(5, {1, 1, 0})) * rotation;
  Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(
      image.rotation.data()) = turned;
  Vector3d::Map(image.translation.data()) = -turned * centre;
  const PoseErrors errors = ComparePoses(cameras.model, cameras.truth);
  ASSERT_EQ(errors.images.size(), 7u);
  for (size_t i = 0; i < 7; ++i) {
    const bool wrong = errors.images[i] == "image2";
    EXPECT_NEAR(errors.position[i], wrong ? 2.5 * 0.3 : 0, 1e-9);
    EXPECT_NEAR(errors.rotation[i], wrong ? 5 : 0, 1e-6);
  }
}

TEST(ModelMetricsTest, OnlyImagesWithTruthCount) {
  Cameras cameras = SomeCameras(5, false);
  cameras.truth.erase("image1");
  cameras.truth["elsewhere"] = {};
  EXPECT_THAT(ComparePoses(cameras.model, cameras.truth).images,
              ElementsAre("image0", "image2", "image3", "image4"));
  cameras.truth.erase("image2");
  cameras.truth.erase("image3");
  EXPECT_THAT(ComparePoses(cameras.model, cameras.truth).images, IsEmpty());
  EXPECT_THAT(ComparePoses({}, {}).position, IsEmpty());
}

}  // namespace
}  // namespace tiepoint
