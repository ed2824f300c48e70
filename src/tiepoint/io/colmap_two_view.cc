// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_two_view.h"

#include <algorithm>

#include "tiepoint/io/small_matrix.h"

namespace tiepoint {
namespace {

ColmapTwoView::Pose Inverse(const ColmapTwoView::Pose& pose) {
  ColmapTwoView::Pose inverse{Transposed(pose.rotation), {}};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      inverse.translation[r] -=
          inverse.rotation[3 * r + c] * pose.translation[c];
    }
  }
  return inverse;
}

}  // namespace

ColmapTwoView Turned(const ColmapTwoView& two_view) {
  ColmapTwoView turned;
  turned.configuration = two_view.configuration;
  for (const auto& [i, j] : two_view.inliers) turned.inliers.emplace_back(j, i);
  std::sort(turned.inliers.begin(), turned.inliers.end());
  if (two_view.fundamental)
    turned.fundamental = Transposed(*two_view.fundamental);
  if (two_view.essential) turned.essential = Transposed(*two_view.essential);
  if (two_view.homography) turned.homography = Inverse(*two_view.homography);
  if (two_view.pose) turned.pose = Inverse(*two_view.pose);
  return turned;
}

}  // namespace tiepoint
