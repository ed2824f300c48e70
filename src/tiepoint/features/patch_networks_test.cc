// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/patch_networks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr int kSize = 32;

// A scene that can be looked at in any pose: waves of random directions, none
// shorter than 8 pixels.
class Scene {
 public:
  explicit Scene(uint64_t seed) {
    Random random(seed);
    for (Wave& w : waves_) {
      const double direction = random.Uniform(0, 2 * kPi);
      const double frequency = 2 * kPi / random.Uniform(8, 60);
      w = {frequency * std::cos(direction), frequency * std::sin(direction),
           random.Uniform(0, 2 * kPi), random.Uniform(2, 8)};
    }
  }
  double operator()(double x, double y) const {
    double sum = 128;
    for (const Wave& w : waves_) {
      sum += w.amplitude * std::cos(w.u * x + w.v * y + w.phase);
    }
    return sum;
  }

 private:
  struct Wave {
    double u, v, phase, amplitude;
  };
  Wave waves_[30];
};

// A picture in which the scene around its origin is turned by `angle` and
// enlarged by `zoom` about the centre of the picture.
ImagePyramid Photograph(const Scene& scene, double angle, double zoom,
                        int side) {
  GrayImage image(side, side);
  const double c = std::cos(angle) / zoom, s = std::sin(angle) / zoom;
  const double middle = (side - 1) / 2.0;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const double u = x - middle, v = y - middle;
      image.At(x, y) = static_cast<float>(scene(c * u + s * v, -s * u + c * v));
    }
  }
  return ImagePyramid(std::move(image));
}

Keypoint CentreOf(const ImagePyramid& pyramid, float scale, float angle = 0) {
  const float middle = static_cast<float>(pyramid.width() - 1) / 2;
  return {middle, middle, scale, angle, 0};
}

// (cos, sin) of the mean gradient: first moments in a Gaussian window, exactly
// covariant with rotation.
Model GradientModel() {
  Model model = RandomModel(
      R"({"architecture": "gradient", "input": [1, 32, 32],
          "layers": [{"type": "linear", "name": "f", "out": 2}]})",
      1);
  std::vector<float>& w = model.weights["f.weight"].data;
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) {
      const double u = (2 * i + 1.0) / kSize - 1, v = (2 * j + 1.0) / kSize - 1;
      const double window = std::exp(-8 * (u * u + v * v));
      w[j * kSize + i] = static_cast<float>(window * u);
      w[kSize * kSize + j * kSize + i] = static_cast<float>(window * v);
    }
  }
  model.weights["f.bias"].data = {0, 0};
  model.mean = 128;
  model.deviation = 64;
  return model;
}

// No layer at all: the descriptor is the normalised patch.
Model IdentityModel() {
  Model model = RandomModel(
      R"({"architecture": "identity", "input": [1, 32, 32], "layers": []})", 1);
  model.mean = 100;
  model.deviation = 50;
  return model;
}

std::vector<Keypoint> Keypoints(int count, int side) {
  Random random(9);
  std::vector<Keypoint> keypoints(count);
  for (Keypoint& k : keypoints) {
    k.x = static_cast<float>(random.Uniform(-5, side + 5));
    k.y = static_cast<float>(random.Uniform(-5, side + 5));
    k.scale = static_cast<float>(random.Uniform(0.7, 9));
    k.angle = static_cast<float>(random.Uniform(-kPi, kPi));
  }
  return keypoints;
}

double AngleBetween(double a, double b) {
  return std::fabs(std::remainder(a - b, 2 * kPi));
}

TEST(NetworkOrientation, PointsUpTheGradient) {
  const NetworkOrientation orientation(GradientModel());
  for (const double angle : {0.0, 1.0, kPi / 2, 2.5, -3.0, -kPi / 2, kPi}) {
    GrayImage ramp(90, 90);
    for (int y = 0; y < 90; ++y) {
      for (int x = 0; x < 90; ++x) {
        ramp.At(x, y) = static_cast<float>(128 + std::cos(angle) * (x - 45) +
                                           std::sin(angle) * (y - 45));
      }
    }
    Keypoint k{45, 44, 3, 1.7f, 0.5f};
    orientation.Estimate(ImagePyramid(ramp), {&k, 1});
    EXPECT_LT(AngleBetween(k.angle, angle), 0.01) << angle;
    EXPECT_GE(k.angle, -std::numbers::pi_v<float>);
    EXPECT_LT(k.angle, std::numbers::pi_v<float>);
    EXPECT_EQ(k, (Keypoint{45, 44, 3, k.angle, 0.5f}));
  }
}

TEST(NetworkOrientation, TurnsWithTheScene) {
  const NetworkOrientation orientation(GradientModel());
  const Scene scene(3);
  const auto upright = Photograph(scene, 0, 1, 131);
  Keypoint first = CentreOf(upright, 5);
  orientation.Estimate(upright, {&first, 1});
  for (int degrees = 15; degrees < 360; degrees += 35) {
    for (const double zoom : {1.0, 1.6}) {
      const double turn = degrees * kPi / 180;
      const auto turned = Photograph(scene, turn, zoom, 201);
      Keypoint k = CentreOf(turned, static_cast<float>(5 * zoom));
      orientation.Estimate(turned, {&k, 1});
      EXPECT_LT(AngleBetween(k.angle, first.angle + turn), kPi / 180)
          << degrees << " " << zoom;
    }
  }
}

TEST(NetworkOrientation, NoDirectionIsAngleZero) {
  Model model = GradientModel();
  model.per_patch = true;  // a patch without contrast becomes zeros
  const NetworkOrientation orientation(model);
  Keypoint k{20, 20, 2, 1, 0};
  orientation.Estimate(ImagePyramid(GrayImage(50, 50, 90)), {&k, 1});
  EXPECT_EQ(k.angle, 0);
}

TEST(NetworkDescriptor, SeesTheNormalisedPatchOfEachKeypoint) {
  const NetworkDescriptor descriptor(IdentityModel());
  const auto pyramid = Photograph(Scene(4), 0.3, 1, 120);
  const auto keypoints = Keypoints(70, 120);  // three batches
  const DescriptorMatrix result = descriptor.Describe(pyramid, keypoints);
  ASSERT_EQ(result.rows, 70);
  ASSERT_EQ(result.cols, kSize * kSize);
  ASSERT_EQ(result.data.size(), 70u * kSize * kSize);
  PatchGeometry geometry;
  geometry.size = kSize;
  for (int i = 0; i < 70; ++i) {
    const Keypoint& k = keypoints[i];
    std::vector<float> patch(kSize * kSize);
    SamplePatch(pyramid, k.x, k.y, k.scale, k.angle, geometry, patch.data());
    for (int p = 0; p < kSize * kSize; ++p) {
      ASSERT_NEAR(result.Row(i)[p], (patch[p] - 100) / 50, 1e-5);
    }
  }
}

double Distance(const float* a, const float* b, int size) {
  double sum = 0;
  for (int i = 0; i < size; ++i) sum += (a[i] - b[i]) * double(a[i] - b[i]);
  return std::sqrt(sum);
}

TEST(NetworkDescriptor, DoesNotChangeWhenKeypointAndSceneTurnAndGrowTogether) {
  const Model model = RandomModel(
      R"({"architecture": "small", "input": [1, 32, 32], "layers": [
          {"type": "conv", "name": "a", "out": 16, "kernel": 5},
          {"type": "tanh"}, {"type": "l2_pool", "kernel": 4},
          {"type": "linear", "name": "b", "out": 32},
          {"type": "l2_normalize"}]})",
      6);
  Model scaled = model;
  scaled.per_patch = true;
  for (const char* grid : {"0", "1"}) {
    scaled.notes["grid"] = grid;
    const NetworkDescriptor descriptor(scaled);
    const auto describe = [&](uint64_t seed, double turn, double zoom) {
      const auto picture = Photograph(Scene(seed), turn, zoom, 201);
      const Keypoint k = CentreOf(picture, static_cast<float>(6 * zoom),
                                  WrapAngle(0.4 + turn));
      return descriptor.Describe(picture, {&k, 1}).data;
    };
    const auto first = describe(1, 0, 1);
    const double other = Distance(first.data(), describe(2, 0, 1).data(), 32);
    EXPECT_GT(other, 0.1);
    for (const double turn : {0.7, 2.0, -2.9}) {
      for (const double zoom : {1.0, 1.5, 2.0}) {
        EXPECT_LT(Distance(first.data(), describe(1, turn, zoom).data(), 32),
                  0.1 * other)
            << grid << " " << turn << " " << zoom;
      }
    }
  }
}

TEST(PatchNetworks, DoNotDependOnTheNumberOfThreads) {
  const NetworkOrientation orientation(GradientModel());
  const NetworkDescriptor descriptor(RandomModel(
      R"({"architecture": "small", "input": [1, 32, 32], "layers": [
          {"type": "conv", "name": "a", "out": 8, "kernel": 5},
          {"type": "relu"}, {"type": "max_pool", "kernel": 4},
          {"type": "linear", "name": "b", "out": 24}]})",
      8));
  const auto pyramid = Photograph(Scene(5), 0, 1, 150);
  const auto run = [&](int threads) {
    SetNumThreads(threads);
    auto keypoints = Keypoints(101, 150);
    orientation.Estimate(pyramid, keypoints);
    auto descriptors = descriptor.Describe(pyramid, keypoints).data;
    SetNumThreads(0);
    return std::pair(keypoints, descriptors);
  };
  EXPECT_EQ(run(1), run(5));
}

TEST(PatchNetworks, NoKeypointsIsAnAnswer) {
  const auto pyramid = Photograph(Scene(5), 0, 1, 50);
  NetworkOrientation(GradientModel()).Estimate(pyramid, {});
  const auto result = NetworkDescriptor(IdentityModel()).Describe(pyramid, {});
  EXPECT_EQ(result.rows, 0);
  EXPECT_EQ(result.cols, kSize * kSize);
}

TEST(PatchNetworks, GeometryComesFromTheNotes) {
  Model model = IdentityModel();
  PatchGeometry geometry = GeometryOf(model);
  EXPECT_EQ(geometry.grid, PatchGeometry::Grid::kCartesian);
  EXPECT_EQ(geometry.size, kSize);
  EXPECT_EQ(geometry.support, 6.0);
  model.notes = {{"grid", "1"}, {"support", "9.5"}, {"inner", "0.5"}};
  geometry = GeometryOf(model);
  EXPECT_EQ(geometry.grid, PatchGeometry::Grid::kLogPolar);
  EXPECT_EQ(geometry.support, 9.5);
  EXPECT_EQ(geometry.inner, 0.5);
}

TEST(PatchNetworks, RefuseModelsOfOtherKinds) {
  for (const auto& [note, value] :
       std::vector<std::pair<std::string, std::string>>{{"grid", "2"},
                                                        {"grid", "polar"},
                                                        {"support", "-1"},
                                                        {"support", "1e9"}}) {
    Model model = IdentityModel();
    model.notes[note] = value;
    EXPECT_THROW(NetworkDescriptor{model}, InputError) << note << value;
  }
  EXPECT_THROW(NetworkOrientation{IdentityModel()}, InputError);
  for (const char* input : {"[3, 32, 32]", "[1, 32, 48]", "[1, 2, 2]"}) {
    EXPECT_THROW(
        NetworkDescriptor(RandomModel(
            std::string(R"({"architecture": "x", "layers": [], "input": )") +
                input + "}",
            1)),
        InputError)
        << input;
  }
  Model model = GradientModel();
  model.weights.clear();
  EXPECT_THROW(NetworkOrientation{model}, InputError);
}

}  // namespace
}  // namespace tiepoint
