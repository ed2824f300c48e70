// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_geometry.h"

#include <vector>

#include "tiepoint/base/error.h"

namespace tiepoint {

Lens LensOf(const ColmapCamera& camera) {
  const std::vector<double>& p = camera.params;
  if (camera.model == "SIMPLE_PINHOLE") return {p[0], p[0], p[1], p[2]};
  if (camera.model == "PINHOLE") return {p[0], p[1], p[2], p[3]};
  if (camera.model == "SIMPLE_RADIAL") return {p[0], p[0], p[1], p[2], p[3]};
  if (camera.model == "RADIAL") return {p[0], p[0], p[1], p[2], p[3], p[4]};
  if (camera.model == "OPENCV") {
    return {p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]};
  }
  throw InputError("camera model " + camera.model + " is not supported");
}

Vector2 Project(const Lens& lens, const Vector3& p) {
  const double x = p[0] / p[2], y = p[1] / p[2];
  const double r2 = x * x + y * y;
  const double radial = 1 + lens.k1 * r2 + lens.k2 * r2 * r2;
  return {lens.fx * (x * radial + 2 * lens.p1 * x * y +
                     lens.p2 * (r2 + 2 * x * x)) +
              lens.cx,
          lens.fy * (y * radial + lens.p1 * (r2 + 2 * y * y) +
                     2 * lens.p2 * x * y) +
              lens.cy};
}

Vector3 CameraFromWorld(const ColmapImage& image, const Vector3& p) {
  const auto& r = image.rotation;
  const auto& t = image.translation;
  return {r[0] * p[0] + r[1] * p[1] + r[2] * p[2] + t[0],
          r[3] * p[0] + r[4] * p[1] + r[5] * p[2] + t[1],
          r[6] * p[0] + r[7] * p[1] + r[8] * p[2] + t[2]};
}

Vector3 WorldDirection(const ColmapImage& image, const Vector2& d) {
  const auto& r = image.rotation;
  return {r[0] * d[0] + r[3] * d[1], r[1] * d[0] + r[4] * d[1],
          r[2] * d[0] + r[5] * d[1]};
}

Vector3 CameraCentre(const ColmapImage& image) {
  const auto& t = image.translation;
  const Vector3 x = WorldDirection(image, {-t[0], -t[1]});
  const auto& r = image.rotation;
  return {x[0] - r[6] * t[2], x[1] - r[7] * t[2], x[2] - r[8] * t[2]};
}

Jacobian JacobianAt(const Lens& lens, const Vector3& p) {
  const double h = 1e-5 * p[2];
  const auto change = [&](const Vector3& step) {
    const Vector2 a =
        Project(lens, {p[0] - step[0], p[1] - step[1], p[2] - step[2]});
    const Vector2 b =
        Project(lens, {p[0] + step[0], p[1] + step[1], p[2] + step[2]});
    return Vector2{(b[0] - a[0]) / (2 * h), (b[1] - a[1]) / (2 * h)};
  };
  const Vector2 x = change({h, 0, 0}), y = change({0, h, 0});
  return {x[0], y[0], x[1], y[1]};
}

}  // namespace tiepoint
