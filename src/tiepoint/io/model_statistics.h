// SPDX-License-Identifier: Apache-2.0
// How large a sparse model of COLMAP is, and how well it fits.
#pragma once

#include <cstdint>

#include "tiepoint/io/colmap_model.h"

namespace tiepoint {

struct ModelStatistics {
  int registered = 0;        // images with a pose
  int64_t points = 0;        // in space
  int64_t observations = 0;  // of them in images
  double track_length = 0;   // observations a point; 0 without points
  // Mean of the points' errors in pixels, each point once: "Mean reprojection
  // error" of `colmap model_analyzer`, and so that of the benchmark.
  double reprojection_error = 0;
  // The same with each point as often as it is observed.
  double observation_error = 0;
};

ModelStatistics StatisticsOf(const ColmapModel& model);

}  // namespace tiepoint
