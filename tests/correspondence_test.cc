// SPDX-License-Identifier: Apache-2.0
// The trained classifier of matches on made scenes: what it must not depend on,
// and what it must tell.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/correspondence/classifier.h"
#include "tiepoint/geometry/guided_essential.h"

namespace tiepoint {
namespace {

constexpr int kRight = 300, kWrong = 500;
constexpr int kWidth = 1024, kHeight = 768;
constexpr PinholeCamera kCamera{900, 900, 511.5, 383.5};

struct MadePair {
  FeatureSet first, second;
  std::vector<Match> matches;  // match k is right for k < kRight
  PinholeCamera camera2 = kCamera;
};

// Points 4 to 8 away; the second camera has moved aside and turned by 12
// degrees about y.
MadePair Make(uint64_t seed) {
  Random random(seed);
  MadePair pair;
  for (FeatureSet* set : {&pair.first, &pair.second}) {
    set->image_width = kWidth;
    set->image_height = kHeight;
  }
  const double angle = 12 * std::numbers::pi / 180;
  while (static_cast<int>(pair.matches.size()) < kRight + kWrong) {
    const int k = static_cast<int>(pair.matches.size());
    const bool right = k < kRight;
    const double z = random.Uniform(4, 8);
    const double u = random.Uniform(0, kWidth), v = random.Uniform(0, kHeight);
    const double x = (u - kCamera.cx) / kCamera.fx * z;
    const double y = (v - kCamera.cy) / kCamera.fy * z;
    const double x2 = std::cos(angle) * x + std::sin(angle) * z - 1.5;
    const double z2 = -std::sin(angle) * x + std::cos(angle) * z + 0.1;
    double u2 = kCamera.fx * x2 / z2 + kCamera.cx;
    double v2 = kCamera.fy * (y + 0.2) / z2 + kCamera.cy;
    if (u2 < 0 || u2 > kWidth || v2 < 0 || v2 > kHeight) continue;
    const double scale = 2 * std::exp(random.Uniform(0, 1.5));
    const double turn = random.Uniform(-3, 3);
    Keypoint a{static_cast<float>(u), static_cast<float>(v),
               static_cast<float>(scale), static_cast<float>(turn), 1};
    Keypoint b = a;
    if (right) {
      b.scale =
          static_cast<float>(scale * z / z2 * std::exp(0.1 * random.Normal()));
      b.angle = static_cast<float>(turn + 0.1 * random.Normal());
    } else {
      u2 = random.Uniform(0, kWidth);
      v2 = random.Uniform(0, kHeight);
      b.scale = static_cast<float>(2 * std::exp(random.Uniform(0, 1.5)));
      b.angle = static_cast<float>(random.Uniform(-3, 3));
    }
    b.x = static_cast<float>(u2 + 0.4 * random.Normal());
    b.y = static_cast<float>(v2 + 0.4 * random.Normal());
    pair.first.keypoints.push_back(a);
    pair.second.keypoints.push_back(b);
    Match match{.i = k, .j = k};
    match.ratio = static_cast<float>(right ? random.Uniform(0.5, 0.95)
                                           : random.Uniform(0.75, 1));
    match.reverse_ratio = static_cast<float>(right ? random.Uniform(0.5, 0.95)
                                                   : random.Uniform(0.75, 1));
    match.mutual = true;
    pair.matches.push_back(match);
  }
  return pair;
}

// The second photograph turned about its middle.
MadePair Turned(MadePair pair, double degrees) {
  const double a = degrees * std::numbers::pi / 180;
  for (Keypoint& k : pair.second.keypoints) {
    const double x = k.x - kCamera.cx, y = k.y - kCamera.cy;
    k.x = static_cast<float>(std::cos(a) * x - std::sin(a) * y + kCamera.cx);
    k.y = static_cast<float>(std::sin(a) * x + std::cos(a) * y + kCamera.cy);
    k.angle = WrapAngle(k.angle + a);
  }
  return pair;
}

// The second photograph as another number of pixels shows it.
MadePair Scaled(MadePair pair, double factor) {
  for (Keypoint& k : pair.second.keypoints) {
    k.x = static_cast<float>(k.x * factor);
    k.y = static_cast<float>(k.y * factor);
    k.scale = static_cast<float>(k.scale * factor);
  }
  PinholeCamera& c = pair.camera2;
  c = {c.fx * factor, c.fy * factor, c.cx * factor, c.cy * factor};
  pair.second.image_width = static_cast<int>(kWidth * factor);
  pair.second.image_height = static_cast<int>(kHeight * factor);
  return pair;
}

class CorrespondenceTest : public testing::Test {
 protected:
  std::vector<float> Weights(const MadePair& pair) const {
    return classifier_
        .Classify(pair.first, pair.second, pair.matches, kCamera, pair.camera2)
        .weights;
  }

  const CorrespondenceClassifier classifier_{
      std::string(TIEPOINT_SOURCE_MODELS) + "/correspondence.safetensors"};
};

struct Counts {
  double precision = 0, recall = 0;
};
Counts CountsOf(const std::vector<float>& weights) {
  const auto kept = [](auto begin, auto end) {
    return static_cast<double>(
        std::count_if(begin, end, [](float w) { return w > 0; }));
  };
  const double right = kept(weights.begin(), weights.begin() + kRight);
  const double wrong = kept(weights.begin() + kRight, weights.end());
  return {right / std::max(right + wrong, 1.0), right / kRight};
}

TEST_F(CorrespondenceTest, TellsRightFromWrongHoweverTheSecondIsTurned) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const MadePair pair = Make(seed);
    for (int degrees = 0; degrees < 360; degrees += 45) {
      const Counts counts = CountsOf(Weights(Turned(pair, degrees)));
      EXPECT_GT(counts.precision, 0.9) << degrees;
      EXPECT_GT(counts.recall, 0.85) << degrees;
    }
  }
}

TEST_F(CorrespondenceTest, TheNumberOfPixelsDoesNotMatter) {
  const MadePair pair = Make(4);
  const std::vector<float> weights = Weights(pair);
  for (const double factor : {0.25, 3.0}) {
    const std::vector<float> scaled = Weights(Scaled(pair, factor));
    for (size_t k = 0; k < weights.size(); ++k) {
      EXPECT_NEAR(scaled[k], weights[k], 0.02) << factor;
    }
  }
}

TEST_F(CorrespondenceTest, TheOrderOfTheMatchesDoesNotMatter) {
  MadePair pair = Make(5);
  const std::vector<float> weights = Weights(pair);
  std::reverse(pair.matches.begin(), pair.matches.end());
  std::vector<float> reversed = Weights(pair);
  std::reverse(reversed.begin(), reversed.end());
  for (size_t k = 0; k < weights.size(); ++k) {
    EXPECT_NEAR(reversed[k], weights[k], 1e-3);
  }
}

// The pose turns with the photograph, by just as much.
TEST_F(CorrespondenceTest, ThePoseTurnsWithThePhotograph) {
  const MadePair pair = Make(6);
  const auto pose = [&](const MadePair& of) {
    std::vector<PointPair> points;
    for (const Match& m : of.matches) {
      const Keypoint& a = of.first.keypoints[m.i];
      const Keypoint& b = of.second.keypoints[m.j];
      points.push_back({a.x, a.y, b.x, b.y});
    }
    const std::vector<float> weights = Weights(of);
    const auto found = EstimateEssential(
        points, {std::vector<double>(weights.begin(), weights.end())}, kCamera,
        of.camera2, {});
    EXPECT_TRUE(found);
    return found->pose;
  };
  const RelativePose upright = pose(pair);
  for (const double degrees : {30.0, 90.0, 200.0}) {
    const double a = degrees * std::numbers::pi / 180;
    const RelativePose turned = pose(Turned(pair, degrees));
    const auto& t = upright.translation;
    const std::array<double, 3> expected = {
        std::cos(a) * t[0] - std::sin(a) * t[1],
        std::sin(a) * t[0] + std::cos(a) * t[1], t[2]};
    for (int k = 0; k < 3; ++k) {
      EXPECT_NEAR(turned.translation[k], expected[k], 0.02) << degrees;
    }
  }
}

}  // namespace
}  // namespace tiepoint
