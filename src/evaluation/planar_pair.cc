// SPDX-License-Identifier: Apache-2.0
#include "evaluation/planar_pair.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

constexpr double kNotSeen = -1;

int CountWithin(std::span<const double> distances, double max_distance) {
  return static_cast<int>(
      std::count_if(distances.begin(), distances.end(),
                    [&](double d) { return d <= max_distance; }));
}

double ShareWithin(std::span<const double> distances, double max_distance) {
  if (distances.empty()) return 0;
  return CountWithin(distances, max_distance) /
         static_cast<double>(distances.size());
}

}  // namespace

PlanePoint Transferred(const Matrix3& h, double x, double y) {
  const double w = h[6] * x + h[7] * y + h[8];
  return {(h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w};
}

Matrix3 InverseHomography(const Matrix3& m) {
  // The adjugate.
  return {m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8],
          m[1] * m[5] - m[2] * m[4], m[5] * m[6] - m[3] * m[8],
          m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
          m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7],
          m[0] * m[4] - m[1] * m[3]};
}

bool IsInside(PlanePoint point, int width, int height) {
  return point.x >= -0.5 && point.y >= -0.5 && point.x < width - 0.5 &&
         point.y < height - 0.5;
}

PlanarPair LoadPlanarPair(const FeatureSource& source, const ImagePair& pair,
                          const PairImageSize& size) {
  PlanarPair result;
  result.first = source.Of(pair.path1, size.Of(pair));
  result.second = source.Of(pair.path2, size.Of(pair));
  result.homography =
      WorkingHomography(pair.homography, *result.first, *result.second);
  return result;
}

std::vector<Keypoint> DistinctKeypoints(const std::vector<Keypoint>& keypoints,
                                        int count) {
  std::vector<Keypoint> result;
  std::set<std::tuple<float, float, float>> seen;
  for (const Keypoint& k : keypoints) {
    if (count > 0 && result.size() == static_cast<size_t>(count)) break;
    if (seen.insert({k.x, k.y, k.scale}).second) result.push_back(k);
  }
  return result;
}

std::vector<double> NearestDistances(std::span<const Keypoint> from,
                                     std::span<const Keypoint> to,
                                     const Matrix3& to_from, int to_width,
                                     int to_height) {
  std::vector<double> distances(from.size(), kNotSeen);
  ParallelFor(static_cast<int>(from.size()), [&](int i) {
    const PlanePoint p = Transferred(to_from, from[i].x, from[i].y);
    if (!IsInside(p, to_width, to_height)) return;
    double nearest = std::numeric_limits<double>::infinity();
    for (const Keypoint& k : to) {
      const double dx = k.x - p.x, dy = k.y - p.y;
      nearest = std::min(nearest, dx * dx + dy * dy);
    }
    distances[i] = std::sqrt(nearest);
  });
  std::erase(distances, kNotSeen);
  return distances;
}

double TwoWayDistances::Repeatability(double max_distance) const {
  const size_t shared = forward.size() + backward.size();
  if (shared == 0) return 0;
  return (CountWithin(forward, max_distance) +
          CountWithin(backward, max_distance)) /
         static_cast<double>(shared);
}

double TwoWayDistances::MeanRepeatability(double max_distance) const {
  return (ShareWithin(forward, max_distance) +
          ShareWithin(backward, max_distance)) /
         2;
}

int TwoWayDistances::FewerInView() const {
  return static_cast<int>(std::min(forward.size(), backward.size()));
}

TwoWayDistances DistancesBothWays(std::span<const Keypoint> first,
                                  std::span<const Keypoint> second,
                                  const PlanarPair& pair) {
  const FeatureSet& a = pair.Set1();
  const FeatureSet& b = pair.Set2();
  return {NearestDistances(first, second, pair.homography, b.image_width,
                           b.image_height),
          NearestDistances(second, first, InverseHomography(pair.homography),
                           a.image_width, a.image_height)};
}

}  // namespace tiepoint
