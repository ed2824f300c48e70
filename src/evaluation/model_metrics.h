// SPDX-License-Identifier: Apache-2.0
// What a sparse model of COLMAP is worth: how far its cameras lie from the true
// ones (its size: io/model_statistics.h).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/geometry/two_view.h"
#include "tiepoint/io/colmap_model.h"
#include "tiepoint/io/model_statistics.h"

namespace tiepoint {

using Vector3 = std::array<double, 3>;

// X_cam = R X_world + t.
struct CameraPose {
  Matrix3 rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};  // cam_from_world
  Vector3 translation{};                        // cam_from_world

  Vector3 Centre() const;  // -R' t, in the world
};

// true = scale * rotation * modelled + translation.
struct Similarity {
  double scale = 1;
  Matrix3 rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};
  Vector3 translation{};

  Vector3 operator()(const Vector3& point) const;
};

// Least squares over pairs (modelled, true): Umeyama, PAMI 1991. Empty for
// fewer than three pairs, or when either side is one point.
std::optional<Similarity> FitSimilarity(
    const std::vector<std::pair<Vector3, Vector3>>& pairs);

// The same, unmoved by gross errors in fewer than half of the pairs: of the
// similarities through three pairs (all triples, or 2000 random ones), the one
// with the smallest quantile of the distances (least quantile of squares,
// Rousseeuw 1984), then least squares over the pairs within 2.5 robust standard
// deviations until they stay the same.
std::optional<Similarity> FitSimilarityRobustly(
    const std::vector<std::pair<Vector3, Vector3>>& pairs);

// Of the registered images whose true pose is known; all empty when there are
// fewer than three or they lie in one point (no alignment).
struct PoseErrors {
  std::vector<std::string> images;  // by name, in the order of the errors
  // Distance of camera centres after FitSimilarityRobustly, in the unit of the
  // true poses.
  std::vector<double> position;
  // Angle to the true rotation in degrees, after the turn of the model's world
  // that suits the rotations best (robust as well). The rotations have an
  // alignment of their own, because centres on a line leave a turn about it
  // open.
  std::vector<double> rotation;
};

// `truth`: by name of the image as in the model.
PoseErrors ComparePoses(const ColmapModel& model,
                        const std::map<std::string, CameraPose>& truth);

}  // namespace tiepoint
