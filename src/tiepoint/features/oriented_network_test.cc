// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/oriented_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/features/patch_networks.h"
#include "tiepoint/network/naive_network.h"
#include "tiepoint/network/random_oriented_model.h"

namespace tiepoint {
namespace {

constexpr double kPi = std::numbers::pi;

// Waves, the scene turned by `angle` about the middle of the picture.
ImagePyramid Photograph(double angle, int side) {
  struct Wave {
    double u, v, phase;
  };
  Random random(11);
  std::vector<Wave> waves(30);
  for (Wave& w : waves) {
    const double direction = random.Uniform(0, 2 * kPi);
    const double frequency = 2 * kPi / random.Uniform(12, 80);
    w = {frequency * std::cos(direction), frequency * std::sin(direction),
         random.Uniform(0, 2 * kPi)};
  }
  GrayImage image(side, side);
  const double c = std::cos(angle), s = std::sin(angle);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const double u = x - (side - 1) / 2.0, v = y - (side - 1) / 2.0;
      double sum = 128;
      for (const Wave& w : waves) {
        sum += 6 * std::cos(w.u * (c * u + s * v) + w.v * (c * v - s * u) +
                            w.phase);
      }
      image.At(x, y) = static_cast<float>(sum);
    }
  }
  return ImagePyramid(std::move(image));
}

Keypoint Middle(const ImagePyramid& pyramid, float scale) {
  const float middle = static_cast<float>(pyramid.width() - 1) / 2;
  return {middle, middle, scale, 0, 0};
}

std::vector<Keypoint> Keypoints(int count, int side) {
  Random random(9);
  std::vector<Keypoint> keypoints(count);
  for (Keypoint& k : keypoints) {
    k.x = static_cast<float>(random.Uniform(0, side));
    k.y = static_cast<float>(random.Uniform(0, side));
    k.scale = static_cast<float>(random.Uniform(1, 5));
  }
  return keypoints;
}

TEST(OrientedNetwork, AtOnceIsOneAfterTheOther) {
  const OrientedNetwork network(RandomOrientedModel(3));
  const ImagePyramid pyramid = Photograph(0, 160);
  std::vector<Keypoint> one = Keypoints(70, 160), other = one;
  const DescriptorMatrix at_once = network.OrientAndDescribe(pyramid, one);
  network.Estimate(pyramid, other);
  const DescriptorMatrix after = network.Describe(pyramid, other);
  EXPECT_EQ(at_once.rows, 70);
  EXPECT_EQ(at_once.data, after.data);
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].angle, other[i].angle);
  }
  std::vector<Keypoint> none;
  EXPECT_EQ(network.OrientAndDescribe(pyramid, none).rows, 0);
}

TEST(OrientedNetwork, IsTheNaiveNetwork) {
  const OrientedModel model = RandomOrientedModel(3);
  const OrientedNetwork network(model, InferenceNetwork::Precision::kFloat);
  const ImagePyramid pyramid = Photograph(0, 160);
  std::vector<Keypoint> keypoints = Keypoints(5, 160);
  const DescriptorMatrix descriptors =
      network.OrientAndDescribe(pyramid, keypoints);
  const PatchGeometry geometry = GeometryOf(model.trunk);
  const Shape shape = OutputShape(model.trunk.spec);
  for (int i = 0; i < 5; ++i) {
    const Keypoint& k = keypoints[i];
    std::vector<float> patch(model.trunk.spec.input.Size());
    SamplePatch(pyramid, k.x, k.y, k.scale, 0, geometry, patch.data());
    NormalizeInput(model.trunk, patch.data(), static_cast<int>(patch.size()));
    const std::vector<float> map =
        RunNaive(model.trunk, model.trunk.spec.input, patch);
    const std::vector<float> direction =
        RunNaive(model.orientation, shape, map);
    EXPECT_NEAR(k.angle, std::atan2(direction[1], direction[0]), 1e-3);
    std::vector<float> turned(map.size());
    TurnColumns(shape, map.data(), k.angle, turned.data());
    const std::vector<float> expected =
        RunNaive(model.descriptor, shape, turned);
    for (int d = 0; d < descriptors.cols; ++d) {
      EXPECT_NEAR(descriptors.Row(i)[d], expected[d], 1e-3);
    }
  }
}

// Where the processor has bfloat16; elsewhere both are the same.
TEST(OrientedNetwork, FastestIsNearlyTheSame) {
  const OrientedModel model = RandomOrientedModel(3);
  const OrientedNetwork exact(model, InferenceNetwork::Precision::kFloat);
  const OrientedNetwork fastest(model, InferenceNetwork::Precision::kFastest);
  const ImagePyramid pyramid = Photograph(0, 160);
  std::vector<Keypoint> keypoints = Keypoints(50, 160);
  exact.Estimate(pyramid, keypoints);
  const DescriptorMatrix a = exact.Describe(pyramid, keypoints);
  const DescriptorMatrix b = fastest.Describe(pyramid, keypoints);
  for (int i = 0; i < a.rows; ++i) {
    double product = 0;
    for (int d = 0; d < a.cols; ++d) product += a.Row(i)[d] * b.Row(i)[d];
    EXPECT_GT(product, 0.998);
  }
}

// By what fits the columns of the map, whatever the weights.
TEST(OrientedNetwork, TurnsWithThePhotograph) {
  const OrientedNetwork network(RandomOrientedModel(3));
  const ImagePyramid upright = Photograph(0, 201);
  std::vector<Keypoint> first = {Middle(upright, 4)};
  const DescriptorMatrix a = network.OrientAndDescribe(upright, first);
  for (const double turn : {kPi / 4, kPi / 2, kPi, -3 * kPi / 4}) {
    const ImagePyramid turned = Photograph(turn, 201);
    std::vector<Keypoint> second = {Middle(turned, 4)};
    const DescriptorMatrix b = network.OrientAndDescribe(turned, second);
    EXPECT_NEAR(
        std::remainder(second[0].angle - first[0].angle - turn, 2 * kPi), 0,
        0.03);
    double distance = 0;
    for (int d = 0; d < a.cols; ++d) {
      distance += std::pow(a.Row(0)[d] - b.Row(0)[d], 2);
    }
    EXPECT_LT(std::sqrt(distance), 0.1);
  }
}

TEST(OrientedNetwork, AnyNumberOfThreads) {
  const OrientedNetwork network(RandomOrientedModel(3));
  const ImagePyramid pyramid = Photograph(0, 160);
  std::vector<Keypoint> keypoints = Keypoints(100, 160);
  SetNumThreads(1);
  const DescriptorMatrix one = network.OrientAndDescribe(pyramid, keypoints);
  SetNumThreads(3);
  EXPECT_EQ(network.OrientAndDescribe(pyramid, keypoints).data, one.data);
  SetNumThreads(0);
}

TEST(OrientedNetwork, NeedsLogPolarPatches) {
  OrientedModel model = RandomOrientedModel(3);
  model.trunk.notes.erase("grid");
  EXPECT_THROW(OrientedNetwork{model}, InputError);
}

}  // namespace
}  // namespace tiepoint
