// SPDX-License-Identifier: Apache-2.0
// Two photographs related by a homography, as every planar protocol sees them:
// features and the true x2 ~ H x1 in working pixels, and who finds whom.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "evaluation/features.h"
#include "evaluation/image_pairs.h"

namespace tiepoint {

struct PlanePoint {
  double x = 0, y = 0;
};

// H (x, y, 1), divided by its third coordinate.
PlanePoint Transferred(const Matrix3& homography, double x, double y);

// Up to a factor, which does not matter to a homography.
Matrix3 InverseHomography(const Matrix3& homography);

// Is the point on the picture? Its pixels are squares around their centres.
bool IsInside(PlanePoint point, int width, int height);

struct PlanarPair {
  std::shared_ptr<const Features> first, second;
  Matrix3 homography{};  // working pixels

  const FeatureSet& Set1() const { return first->set; }
  const FeatureSet& Set2() const { return second->set; }
};

PlanarPair LoadPlanarPair(const FeatureSource& source, const ImagePair& pair,
                          const PairImageSize& size);

// The first `count` keypoints (0: all); keypoints of one place and scale (they
// differ in their angle) count once, as the first of them.
std::vector<Keypoint> DistinctKeypoints(const std::vector<Keypoint>& keypoints,
                                        int count);

// For each keypoint that the other picture (width x height) sees, the distance
// there to the nearest of its keypoints (infinite when it has none); the other
// keypoints are left out.
std::vector<double> NearestDistances(std::span<const Keypoint> from,
                                     std::span<const Keypoint> to,
                                     const Matrix3& to_from, int to_width,
                                     int to_height);

// NearestDistances both ways.
struct TwoWayDistances {
  std::vector<double> forward;   // of keypoints of image 1, pixels of image 2
  std::vector<double> backward;  // of keypoints of image 2, pixels of image 1

  // Keypoints with one of the other picture within `max_distance`, as a share
  // of all that the other picture sees, both pictures together; 0 for none.
  double Repeatability(double max_distance) const;
  // Mean of the two pictures' shares (SuperPoint's).
  double MeanRepeatability(double max_distance) const;
  // Keypoints in the shared view, of the picture that has fewer.
  int FewerInView() const;
};

TwoWayDistances DistancesBothWays(std::span<const Keypoint> first,
                                  std::span<const Keypoint> second,
                                  const PlanarPair& pair);

}  // namespace tiepoint
