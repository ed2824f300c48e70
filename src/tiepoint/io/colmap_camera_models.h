// SPDX-License-Identifier: Apache-2.0
// COLMAP's numbers of camera models, for the sources of this layer.
#pragma once

#include <cstddef>

#include "tiepoint/io/colmap_model.h"

namespace tiepoint {

// Number of a camera model, and the place of cx in its parameters (cy follows;
// what stands before are focal lengths).
struct ColmapCameraModel {
  const char* name;
  int id;
  size_t num_params;
  size_t cx;
};

// Null for models that ColmapCamera does not list.
const ColmapCameraModel* FindColmapCameraModel(const std::string& name);
const ColmapCameraModel* FindColmapCameraModel(int id);

}  // namespace tiepoint
