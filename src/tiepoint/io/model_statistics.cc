// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/model_statistics.h"

namespace tiepoint {

ModelStatistics StatisticsOf(const ColmapModel& model) {
  ModelStatistics statistics;
  statistics.registered = static_cast<int>(model.images.size());
  statistics.points = static_cast<int64_t>(model.points.size());
  double errors = 0, observed_errors = 0;
  for (const auto& [id, point] : model.points) {
    const double length = static_cast<double>(point.track.size());
    statistics.observations += static_cast<int64_t>(point.track.size());
    errors += point.error;
    observed_errors += length * point.error;
  }
  if (statistics.observations == 0) return statistics;
  const double points = static_cast<double>(statistics.points);
  const double observations = static_cast<double>(statistics.observations);
  statistics.track_length = observations / points;
  statistics.reprojection_error = errors / points;
  statistics.observation_error = observed_errors / observations;
  return statistics;
}

}  // namespace tiepoint
