// SPDX-License-Identifier: Apache-2.0
// Two cameras before random points, for tests.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

inline constexpr double kDegree = std::numbers::pi / 180;
inline constexpr int kWidth = 1600;
inline constexpr int kHeight = 1200;
// Different on purpose, and not square.
inline constexpr PinholeCamera kCamera1{1400, 1390, 790, 610};
inline constexpr PinholeCamera kCamera2{1100, 1120, 815, 590};

inline Eigen::Matrix3d Turn(const Eigen::Vector3d& axis, double degrees) {
  return Eigen::AngleAxisd(degrees * kDegree, axis.normalized())
      .toRotationMatrix();
}

inline Eigen::Matrix3d AsMatrix(const Matrix3& m) {
  Eigen::Matrix3d result;
  for (int k = 0; k < 9; ++k) result(k / 3, k % 3) = m[k];
  return result;
}

inline Eigen::Matrix3d Cross(const Eigen::Vector3d& t) {
  Eigen::Matrix3d m;
  m << 0, -t.z(), t.y(), t.z(), 0, -t.x(), -t.y(), t.x(), 0;
  return m;
}

inline Eigen::Vector2d Project(const PinholeCamera& c,
                               const Eigen::Vector3d& p) {
  return {c.fx * p.x() / p.z() + c.cx, c.fy * p.y() / p.z() + c.cy};
}

struct Scene {
  Eigen::Matrix3d rotation = Turn({0.2, 1, 0.1}, 12);
  Eigen::Vector3d translation{-1, 0.15, 0.2};
  double noise = 0;     // pixels, each coordinate of each image
  double outliers = 0;  // share
  int count = 1000;
  double near = 4, far = 12;
  bool plane = false;

  Eigen::Vector3d Direction() const { return translation.normalized(); }
};

inline std::vector<PointPair> Pairs(const Scene& scene, uint64_t seed) {
  Random random(seed);
  std::vector<PointPair> pairs;
  while (static_cast<int>(pairs.size()) < scene.count) {
    if (random.Chance(scene.outliers)) {
      pairs.push_back({random.Uniform(0, kWidth), random.Uniform(0, kHeight),
                       random.Uniform(0, kWidth), random.Uniform(0, kHeight)});
      continue;
    }
    const double x = random.Uniform(0, kWidth);
    const double y = random.Uniform(0, kHeight);
    const Eigen::Vector3d ray((x - kCamera1.cx) / kCamera1.fx,
                              (y - kCamera1.cy) / kCamera1.fy, 1);
    const double depth = scene.plane
                             ? 8 / Eigen::Vector3d(0.2, -0.3, 1).dot(ray)
                             : random.Uniform(scene.near, scene.far);
    const Eigen::Vector3d point = depth * ray;
    const Eigen::Vector3d moved = scene.rotation * point + scene.translation;
    if (moved.z() < 0.1) continue;
    const Eigen::Vector2d p = Project(kCamera2, moved);
    if (p.x() < 0 || p.x() > kWidth || p.y() < 0 || p.y() > kHeight) continue;
    pairs.push_back({x + scene.noise * random.Normal(),
                     y + scene.noise * random.Normal(),
                     p.x() + scene.noise * random.Normal(),
                     p.y() + scene.noise * random.Normal()});
  }
  return pairs;
}

inline double RotationErrorDegrees(const RelativePose& pose,
                                   const Scene& scene) {
  const Eigen::Matrix3d r =
      AsMatrix(pose.rotation) * scene.rotation.transpose();
  return Eigen::AngleAxisd(r).angle() / kDegree;
}

// With the sign: behind is not in front.
inline double TranslationErrorDegrees(const RelativePose& pose,
                                      const Scene& scene) {
  const Eigen::Vector3d t(pose.translation.data());
  return std::atan2(t.cross(scene.Direction()).norm(),
                    t.dot(scene.Direction())) /
         kDegree;
}

}  // namespace tiepoint
