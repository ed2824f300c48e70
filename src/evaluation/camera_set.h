// SPDX-License-Identifier: Apache-2.0
// Photographs whose cameras are known, and image pairs of them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

// The camera of one photograph, in pixels of the stored file (the centre of the
// first pixel is (0, 0)):
//   X_cam = R X_world + t,  (x, y) = (X_cam / Z_cam, Y_cam / Z_cam),
//   r^2 = x^2 + y^2,
//   x' = x (1 + k1 r^2 + k2 r^4) + 2 p1 x y + p2 (r^2 + 2 x^2),
//   y' = y (1 + k1 r^2 + k2 r^4) + p1 (r^2 + 2 y^2) + 2 p2 x y,
//   pixel = (fx x' + cx, fy y' + cy)
// (the distortion of OpenCV with four numbers).
struct GroundTruthCamera {
  std::string image;  // path; in a file, relative to the file's folder
  double fx = 1, fy = 1, cx = 0, cy = 0;
  std::array<double, 4> distortion{};           // k1 k2 p1 p2
  Matrix3 rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};  // cam_from_world, row-major
  std::array<double, 3> translation{};          // cam_from_world

  PinholeCamera Pinhole() const { return {fx, fy, cx, cy}; }
};

// `gt_cameras.txt`: one camera a line,
//   image fx fy cx cy k1 k2 p1 p2 R(9, row-major) t(3)
// Empty lines and lines that begin with # are left out. `image` becomes the
// path below the file's folder. Throws InputError naming file and line: numbers
// missing or not finite, a focal length that is not positive, an R that is not
// a rotation (within 1e-3; it is then made one exactly), an image twice.
std::vector<GroundTruthCamera> ReadGroundTruthCameras(const std::string& path);

// Makes `m` the rotation nearest to it; false when it was none within 1e-3.
bool MakeRotation(Matrix3& m);

// Where a pixel of the stored file would be without distortion: the exact
// inverse of the formula above (Newton). Far outside of the picture, where the
// formula has no inverse, not a number.
std::array<double, 2> Undistorted(const GroundTruthCamera& camera, double x,
                                  double y);
// Pixel of an undistorted pixel.
std::array<double, 2> Distorted(const GroundTruthCamera& camera, double x,
                                double y);

// cam2_from_cam1; the translation is zero when both cameras have one centre.
RelativePose RelativePoseOf(const GroundTruthCamera& camera1,
                            const GroundTruthCamera& camera2);

// Angle between the viewing directions (+z) of two cameras, degrees.
double ViewingAngle(const GroundTruthCamera& camera1,
                    const GroundTruthCamera& camera2);

}  // namespace tiepoint
