// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/extract.h"

#include <cmath>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/image/pyramid.h"
#include "tiepoint/pipeline/stopwatch.h"

namespace tiepoint {

FeatureSet Extract(const Image& image, const Steps& steps, int max_keypoints,
                   ExtractSeconds* seconds) {
  const int64_t pixels = int64_t{image.gray.width} * image.gray.height;
  if (pixels > kMaxWorkingPixels) {
    throw InputError(image.path + ": " + std::to_string(image.gray.width) +
                     " x " + std::to_string(image.gray.height) +
                     " pixels are too many to work on; reduce them with "
                     "--max-image-size 4000");
  }
  Stopwatch stopwatch;
  const ImagePyramid pyramid(
      image.gray, steps.NeedsColour() ? image.bgr : std::vector<uint8_t>());
  FeatureSet features;
  features.image_width = image.width;
  features.image_height = image.height;
  std::vector<Keypoint>& keypoints = features.keypoints;

  keypoints = steps.detector->Detect(pyramid, max_keypoints);
  CheckInterrupt();
  const double detect = stopwatch.Lap();

  if (steps.orientation) steps.orientation->Estimate(pyramid, keypoints);
  CheckInterrupt();
  const double orient = stopwatch.Lap();

  if (steps.both) {
    features.descriptors = steps.both->OrientAndDescribe(pyramid, keypoints);
  } else if (steps.descriptor) {
    features.descriptors = steps.descriptor->Describe(pyramid, keypoints);
  } else {
    features.descriptors.rows = static_cast<int>(keypoints.size());
  }
  CheckInterrupt();
  const double describe = stopwatch.Lap();

  // From the working image to the stored file.
  const double scale = std::sqrt(image.ScaleX() * image.ScaleY());
  for (Keypoint& keypoint : keypoints) {
    keypoint.x = static_cast<float>(image.StoredX(keypoint.x));
    keypoint.y = static_cast<float>(image.StoredY(keypoint.y));
    keypoint.scale = static_cast<float>(keypoint.scale * scale);
  }
  if (seconds != nullptr) *seconds = {detect, orient, describe};
  return features;
}

}  // namespace tiepoint
