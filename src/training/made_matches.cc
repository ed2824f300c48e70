// SPDX-License-Identifier: Apache-2.0
#include "training/made_matches.h"

#include <Eigen/Dense>
#include <cmath>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;

constexpr int kPoints = 300;
constexpr int kOthers = 80;

struct Camera {
  Matrix3d rotation;
  Vector3d translation;
};

}  // namespace

MatchSet MadeMatches(uint64_t seed) {
  Random random(seed);
  std::vector<Vector3d> points;
  for (int i = 0; i < kPoints; ++i) {
    points.emplace_back(random.Uniform(-1, 1), random.Uniform(-0.8, 0.8),
                        random.Uniform(3, 6));
  }
  MatchSet set;
  set.source = "made";
  set.licence = "none";
  set.features = "made";
  std::vector<Camera> cameras;
  for (int c = 0; c < 3; ++c) {
    const Camera camera{
        Eigen::AngleAxisd(0.12 * c, Vector3d(0.1, 1, 0.2).normalized())
            .toRotationMatrix(),
        Vector3d(-0.5 * c, 0.1 * c, 0.05 * c)};
    cameras.push_back(camera);
    MatchedImage& image = set.images.emplace_back();
    image.name = "made" + std::to_string(c) + ".jpg";
    image.focal_length = 1000;
    for (const Vector3d& p : points) {
      const Vector3d seen = camera.rotation * p + camera.translation;
      image.x.push_back(static_cast<float>(seen.x() / seen.z()));
      image.y.push_back(static_cast<float>(seen.y() / seen.z()));
      image.scale.push_back(static_cast<float>(0.01 / seen.z()));
      image.angle.push_back(0.3F);
    }
    for (int i = 0; i < kOthers; ++i) {
      image.x.push_back(static_cast<float>(random.Uniform(-0.4, 0.4)));
      image.y.push_back(static_cast<float>(random.Uniform(-0.3, 0.3)));
      image.scale.push_back(static_cast<float>(random.Uniform(0.001, 0.01)));
      image.angle.push_back(static_cast<float>(random.Uniform(-3, 3)));
    }
  }
  for (int a = 0; a < 3; ++a) {
    for (int b = a + 1; b < 3; ++b) {
      MatchedPair& pair = set.pairs.emplace_back();
      pair.image1 = a;
      pair.image2 = b;
      const Matrix3d r = cameras[b].rotation * cameras[a].rotation.transpose();
      const Vector3d t =
          (cameras[b].translation - r * cameras[a].translation).normalized();
      for (int k = 0; k < 9; ++k) pair.rotation[k] = r(k / 3, k % 3);
      for (int k = 0; k < 3; ++k) pair.translation[k] = t(k);
      for (int i = 0; i < kPoints + kOthers; ++i) {
        const bool right = i < kPoints;
        const int j = right ? i : random.Integer(kPoints + kOthers);
        const CandidateMatch match{
            static_cast<uint16_t>(i), static_cast<uint16_t>(j),
            static_cast<float>(right ? random.Uniform(0.3, 0.8)
                                     : random.Uniform(0.8, 1)),
            static_cast<float>(right ? random.Uniform(0.3, 0.8)
                                     : random.Uniform(0.8, 2))};
        pair.forward.push_back(match);
        pair.backward.push_back(match);
        if (right) continue;
        pair.backward.back().j =
            static_cast<uint16_t>(random.Integer(kPoints + kOthers));
      }
    }
  }
  return set;
}

}  // namespace tiepoint
