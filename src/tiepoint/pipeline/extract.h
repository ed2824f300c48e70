// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tiepoint/features/keypoint.h"
#include "tiepoint/image/image.h"
#include "tiepoint/pipeline/preset.h"

namespace tiepoint {

struct ExtractSeconds {
  double detect = 0;
  double orient = 0;
  double describe = 0;
};

// Keypoints, angles and descriptors of one photograph; keypoints in pixels of
// the stored file (scale too), whatever size the steps worked on.
FeatureSet Extract(const Image& image, const Steps& steps, int max_keypoints,
                   ExtractSeconds* seconds = nullptr);

}  // namespace tiepoint
