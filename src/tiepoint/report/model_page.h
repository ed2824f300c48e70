// SPDX-License-Identifier: Apache-2.0
// The page of `tiepoint view` for a sparse model.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tiepoint {

struct PagePoint {
  std::array<double, 3> position{};  // in the world
  std::array<uint8_t, 3> colour{};   // red, green, blue
  int track_length = 0;              // photographs that it is seen in
  double error = 0;                  // mean reprojection error, pixels
};

// Another photograph with matches.
struct PagePartner {
  std::string name;
  int inliers = 0;
  std::string address;  // of the page that shows the pair; empty: none
};

struct PageCamera {
  std::string name;
  // cam_from_world: X_cam = R X_world + t; row-major.
  std::array<double, 9> rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::array<double, 3> translation{};
  int width = 0, height = 0;  // pixels
  double fx = 0, fy = 0, cx = 0, cy = 0;
  std::vector<uint32_t> points{};       // that it sees: places in `points`
  std::string thumbnail{};              // JPEG, PNG or WebP; may be empty
  std::vector<PagePartner> partners{};  // the most inliers first
};

struct ModelPageInput {
  std::string title;
  std::vector<PagePoint> points{};
  std::vector<PageCamera> cameras{};
  std::vector<std::string> notes{};  // sentences
  std::string home{};  // address of a page that leads to others; empty: none
  // Of more points so many are shown, evenly chosen: a page has to be loaded
  // and turned on any machine. The page says so.
  size_t max_points = 500'000;
};

// One self-contained HTML file: the points in their colours and the cameras as
// frusta, to turn, move and zoom by mouse, touch or keys; sliders for the size
// of points, for how often they are seen and for their error; a camera that is
// clicked tells its name and shows its photograph and points. WebGL, or a plain
// canvas where there is none; light and dark.
std::string ModelPage(const ModelPageInput& input);

}  // namespace tiepoint
