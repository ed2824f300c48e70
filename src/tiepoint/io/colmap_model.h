// SPDX-License-Identifier: Apache-2.0
// Sparse models of COLMAP: cameras, poses and points. Pixels are Tiepoint's
// here: the centre of the first pixel is (0, 0) where COLMAP has (0.5, 0.5), so
// 0.5 is taken from principal points and observations when a file is read.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tiepoint {

// `params`, in COLMAP's order, (u, v) = (X / Z, Y / Z):
//   SIMPLE_PINHOLE  f, cx, cy
//   PINHOLE         fx, fy, cx, cy
//   SIMPLE_RADIAL   f, cx, cy, k1          times 1 + k1 r^2
//   RADIAL          f, cx, cy, k1, k2      times 1 + k1 r^2 + k2 r^4
//   OPENCV          fx, fy, cx, cy, k1, k2, p1, p2
// then x_pixel = fx u' + cx, y_pixel = fy v' + cy with the distorted (u', v').
struct ColmapCamera {
  std::string model;
  int width = 0;
  int height = 0;
  std::vector<double> params;
};

struct ColmapImage {
  struct Observation {
    double x = 0;
    double y = 0;
    int64_t point3D_id = -1;  // -1: no point
  };

  int camera_id = 0;
  std::string name;  // path of the photograph below COLMAP's image folder
  // cam_from_world: X_cam = R X_world + t; R row-major, from the unit
  // quaternion. The length of t is that of the model.
  std::array<double, 9> rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::array<double, 3> translation{};
  std::vector<Observation> observations;
};

struct ColmapPoint {
  std::array<double, 3> position{};  // in the world
  double error = 0;                  // mean reprojection error, pixels
  // Image id, index of the observation in that image.
  std::vector<std::pair<int, int>> track;
  std::array<uint8_t, 3> colour{};  // red, green, blue
};

// By id. What it refers to exists: the camera of every image, the point of
// every observation, and image and observation of every track element.
struct ColmapModel {
  std::map<int, ColmapCamera> cameras;
  std::map<int, ColmapImage> images;
  std::map<int64_t, ColmapPoint> points;
};

// Reads cameras, images and points3D (.bin, or .txt where there are no .bin
// files) of `folder`; other files are passed over. Throws InputError for files
// that are missing, truncated or not such files, camera models other than those
// above, and ids that do not exist.
ColmapModel ReadColmapModel(const std::string& folder);

}  // namespace tiepoint
