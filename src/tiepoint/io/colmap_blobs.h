// SPDX-License-Identifier: Apache-2.0
// How COLMAP's databases number and store things, for the sources of this
// layer. Blobs are numbers as they lie in memory of a little-endian machine,
// row-major.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/io/colmap_two_view.h"
#include "tiepoint/io/small_matrix.h"

namespace tiepoint {

// COLMAP's first pixel centre is (0.5, 0.5), ours (0, 0).
inline constexpr double kColmapPixelShift = 0.5;

// Ids of images are below this.
inline constexpr int64_t kColmapMaxImages = 2147483647;
// Pairs are numbered kColmapMaxImages * smaller id + larger id.
int64_t ColmapPairId(int image_id1, int image_id2);

// A keypoint: x, y in COLMAP's pixels and the affine matrix
// [s cos, -s sin; s sin, s cos] of scale and angle.
inline constexpr int kColmapKeypointColumns = 6;
std::vector<float> ColmapKeypointBlob(const FeatureSet& features);

// Unit quaternion w, x, y, z of a rotation, w >= 0.
std::array<double, 4> ColmapQuaternion(const SmallMatrix& rotation);

// Of the columns F, E, H, qvec and tvec of a pair, in COLMAP's pixels. Empty
// where there is no such matrix; without a pose the last two are left out,
// which databases of old versions have no columns for.
std::vector<std::vector<double>> ColmapTwoViewBlobs(
    const ColmapTwoView& two_view);

}  // namespace tiepoint
