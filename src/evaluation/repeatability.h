// SPDX-License-Identifier: Apache-2.0
// Are the same points found again? The rules of the field beside each other,
// because each of them favours some detectors:
//   overlap   Mikolajczyk et al. (IJCV 2005): regions, 1000 keypoints. Favours
//             large and redundant regions.
//   2 %       Verdie et al. (TILDE, CVPR 2015): so few keypoints that random
//             points would have 2 %, 5 pixels. Asks for the right points first.
//   1, 2, 3 px  the share of keypoints with one of the other picture nearby.
//             Favours many and clustered keypoints.
//   SuperPoint  DeTone et al. (2018): 300 keypoints, 3 pixels.
// All numbers are shares in [0, 1]; keypoints of one place and scale count once
// (with several angles); the strongest are kept, in the order of the features.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evaluation/overlap.h"
#include "evaluation/planar_pair.h"
#include "evaluation/protocol.h"

namespace tiepoint {

// Radius of a keypoint's region, as VGG's and TILDE's evaluations take it: the
// scale (TILDE's keypoints have 10); 7 for FAST. `detector` as in Preset.
// Scales that are not positive (files without any) give 1.
double RegionRadius(const std::string& detector, const Keypoint& keypoint);

// Keypoints with regions inside both pictures: the bounding box of the region
// and that of its projection.
struct CommonRegions {
  std::vector<Ellipse> first;   // in image 1
  std::vector<Ellipse> second;  // projected to image 1
};
CommonRegions FindCommonRegions(std::span<const Keypoint> first,
                                std::span<const Keypoint> second,
                                const std::string& detector,
                                const PlanarPair& pair);

// Overlap errors at which correspondences are counted.
inline constexpr std::array<double, 6> kOverlapErrors = {0.1, 0.2, 0.3,
                                                         0.4, 0.5, 0.6};

struct OverlapRepeatability {
  int fewer = 0;  // regions in the common part, of the picture with fewer
  std::array<int, 6> correspondences{};  // with errors below kOverlapErrors
  double Share(size_t k) const {
    return fewer > 0 ? correspondences[k] / static_cast<double>(fewer) : 0;
  }
};

// Regions are enlarged so that the first has radius 30; pairs are assigned one
// to one by increasing error up to 70 %.
OverlapRepeatability MeasureOverlap(const CommonRegions& regions);

// The number of keypoints of the 2 % rule for a picture of this size,
// (10 / 8) 0.02 width height / (pi 5^2), or the one that TILDE's evaluation
// fixes for a sequence of this name.
int TwoPercentCount(const std::string& sequence, int width, int height,
                    bool as_stored);

// Pairs of centres less than 5 pixels apart in image 1, assigned one to one in
// the order of image 1, over the fewer regions.
double RadiusRepeatability(const CommonRegions& regions);

struct RepeatabilityOptions {
  ImagePairOptions pairs{};
  PairImageSize image_size{};
  int max_keypoints = 0;         // at 1, 2, 3 px; 0: all that there are
  int overlap_keypoints = 1000;  // of the overlap rule
  int superpoint_keypoints = 300;
};

// Throws InputError as FindImagePairs does.
std::unique_ptr<Protocol> MakeRepeatabilityProtocol(
    const std::vector<std::string>& folders,
    const RepeatabilityOptions& options = {});

}  // namespace tiepoint
