// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_blobs.h"

#include <algorithm>
#include <bit>
#include <cmath>

static_assert(std::endian::native == std::endian::little,
              "blobs are written as they lie in memory");

namespace tiepoint {

int64_t ColmapPairId(int image_id1, int image_id2) {
  return kColmapMaxImages * std::min(image_id1, image_id2) +
         std::max(image_id1, image_id2);
}

std::vector<float> ColmapKeypointBlob(const FeatureSet& features) {
  std::vector<float> data;
  data.reserve(features.keypoints.size() * kColmapKeypointColumns);
  for (const Keypoint& k : features.keypoints) {
    const float c = k.scale * std::cos(k.angle);
    const float s = k.scale * std::sin(k.angle);
    data.insert(data.end(),
                {static_cast<float>(k.x + kColmapPixelShift),
                 static_cast<float>(k.y + kColmapPixelShift), c, -s, s, c});
  }
  return data;
}

// The largest component is found first (Shepperd, 1978).
std::array<double, 4> ColmapQuaternion(const SmallMatrix& r) {
  const std::array<double, 4> squares = {
      1 + r[0] + r[4] + r[8], 1 + r[0] - r[4] - r[8], 1 - r[0] + r[4] - r[8],
      1 - r[0] - r[4] + r[8]};
  const auto largest = static_cast<int>(
      std::max_element(squares.begin(), squares.end()) - squares.begin());
  const double d = 2 * std::sqrt(squares[largest]);
  std::array<double, 4> q{};
  q[largest] = d / 4;
  const double wx = (r[7] - r[5]) / d, wy = (r[2] - r[6]) / d,
               wz = (r[3] - r[1]) / d, xy = (r[1] + r[3]) / d,
               xz = (r[2] + r[6]) / d, yz = (r[5] + r[7]) / d;
  switch (largest) {
    case 0:
      q = {q[0], wx, wy, wz};
      break;
    case 1:
      q = {wx, q[1], xy, xz};
      break;
    case 2:
      q = {wy, xy, q[2], yz};
      break;
    default:
      q = {wz, xz, yz, q[3]};
  }
  if (q[0] < 0) {
    for (double& value : q) value = -value;
  }
  return q;
}

std::vector<std::vector<double>> ColmapTwoViewBlobs(
    const ColmapTwoView& two_view) {
  const auto blob = [](const auto& numbers) {
    return std::vector<double>(numbers.begin(), numbers.end());
  };
  std::vector<std::vector<double>> matrices(3);
  if (two_view.fundamental) {
    matrices[0] = blob(
        Product(Transposed(Shift(-kColmapPixelShift)),
                Product(*two_view.fundamental, Shift(-kColmapPixelShift))));
  }
  if (two_view.essential) matrices[1] = blob(*two_view.essential);
  if (two_view.homography) {
    matrices[2] =
        blob(Product(Shift(kColmapPixelShift),
                     Product(*two_view.homography, Shift(-kColmapPixelShift))));
  }
  if (two_view.pose) {
    matrices.push_back(blob(ColmapQuaternion(two_view.pose->rotation)));
    matrices.push_back(blob(two_view.pose->translation));
  }
  return matrices;
}

}  // namespace tiepoint
