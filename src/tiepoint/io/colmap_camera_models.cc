// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_camera_models.h"

#include <array>

namespace tiepoint {
namespace {

constexpr std::array<ColmapCameraModel, 5> kCameraModels = {
    {{"SIMPLE_PINHOLE", 0, 3, 1},
     {"PINHOLE", 1, 4, 2},
     {"SIMPLE_RADIAL", 2, 4, 1},
     {"RADIAL", 3, 5, 1},
     {"OPENCV", 4, 8, 2}}};

}  // namespace

const ColmapCameraModel* FindColmapCameraModel(const std::string& name) {
  for (const ColmapCameraModel& model : kCameraModels) {
    if (name == model.name) return &model;
  }
  return nullptr;
}

const ColmapCameraModel* FindColmapCameraModel(int id) {
  for (const ColmapCameraModel& model : kCameraModels) {
    if (id == model.id) return &model;
  }
  return nullptr;
}

}  // namespace tiepoint
