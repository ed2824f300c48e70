// SPDX-License-Identifier: Apache-2.0
// The geometry of two photographs as COLMAP's databases hold it. Pixels are
// Tiepoint's here (the centre of the first pixel is (0, 0)).
#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace tiepoint {

// COLMAP's numbers.
enum class ColmapConfiguration {
  kNotTried = 0,
  kDegenerate = 1,    // no geometry, or too few inliers
  kCalibrated = 2,    // an essential matrix
  kUncalibrated = 3,  // a fundamental matrix
  kPlanar = 4,        // a homography and a baseline
  kPanoramic = 5,     // a homography, no baseline
  kPlanarOrPanoramic = 6,
};

struct ColmapTwoView {
  ColmapConfiguration configuration = ColmapConfiguration::kNotTried;
  // Keypoint `first` of image 1 is keypoint `second` of image 2.
  std::vector<std::pair<int, int>> inliers;
  // Row-major; x2' F x1 = 0 in pixels, x2' E x1 = 0 in normalised coordinates,
  // x2 ~ H x1 in pixels. Absent where they are not known.
  std::optional<std::array<double, 9>> fundamental{}, essential{}, homography{};
  // cam2_from_cam1: X2 = R X1 + t, t of unit length or 0 (no baseline).
  struct Pose {
    std::array<double, 9> rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};
    std::array<double, 3> translation{};
    bool operator==(const Pose&) const = default;
  };
  std::optional<Pose> pose{};

  bool operator==(const ColmapTwoView&) const = default;
};

// From photograph 2 to photograph 1.
ColmapTwoView Turned(const ColmapTwoView& two_view);

}  // namespace tiepoint
