// SPDX-License-Identifier: Apache-2.0
// Where the points of a COLMAP model are in its photographs.
#pragma once

#include <array>

#include "tiepoint/io/colmap_model.h"

namespace tiepoint {

using Vector2 = std::array<double, 2>;
using Vector3 = std::array<double, 3>;

// The numbers of a camera by name; see ColmapCamera for the formula.
struct Lens {
  double fx = 1, fy = 1, cx = 0, cy = 0;
  double k1 = 0, k2 = 0, p1 = 0, p2 = 0;
};

// Throws InputError for a model that ColmapCamera does not list.
Lens LensOf(const ColmapCamera& camera);

// Pixel of a point before the camera (Z > 0), in the camera's frame.
Vector2 Project(const Lens& lens, const Vector3& p);

Vector3 CameraFromWorld(const ColmapImage& image, const Vector3& p);

// A direction in the image plane of a camera, in the world.
Vector3 WorldDirection(const ColmapImage& image, const Vector2& d);

// Where the camera stands in the world.
Vector3 CameraCentre(const ColmapImage& image);

// How pixels change with a step in the plane parallel to the image.
struct Jacobian {
  double xx = 0, xy = 0, yx = 0, yy = 0;  // pixel x by camera x, by camera y

  double Determinant() const { return xx * yy - xy * yx; }
};

// At a point in the camera's frame.
Jacobian JacobianAt(const Lens& lens, const Vector3& p);

}  // namespace tiepoint
