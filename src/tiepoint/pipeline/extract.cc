// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/extract.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/image/pyramid.h"
#include "tiepoint/pipeline/memory.h"
#include "tiepoint/pipeline/stopwatch.h"

namespace tiepoint {

namespace {

std::string SizeText(const Image& image) {
  return image.path + ": " + std::to_string(image.gray.width) + " x " +
         std::to_string(image.gray.height) + " pixels";
}

// Throws what Extract throws; else the bytes that are left for the detector.
int64_t MemoryLeft(const Image& image, const Steps& steps, int64_t held) {
  const int width = image.gray.width, height = image.gray.height;
  if (!steps.InStrips(width, height)) {
    if (int64_t{width} * height > kMaxWorkingPixels) {
      throw InputError(SizeText(image) +
                       " are too many to work on; reduce them with "
                       "--max-image-size 4000");
    }
    return std::numeric_limits<int64_t>::max();
  }
  const int64_t needed = kProgramMemory + held +
                         LeastMemory(width, height, !image.bgr.empty(), steps);
  if (needed > steps.memory) {
    throw InputError(SizeText(image) + " need at least " + MemoryText(needed) +
                     " of memory; allow more (--memory " + MemoryText(needed) +
                     ") or reduce them with --max-image-size 4000");
  }
  return steps.memory - needed + *steps.detector->LeastMemory(width, height);
}

}  // namespace

int64_t LeastMemory(int width, int height, bool colour, const Steps& steps) {
  const int64_t pixels = int64_t{width} * height;
  const int64_t image = pixels * ((colour ? 3 : 0) + int64_t{sizeof(float)});
  // A sixteenth more for the holes that the allocator keeps.
  return image + image / 16 + PyramidBytes(width, height) +
         (steps.InStrips(width, height)
              ? *steps.detector->LeastMemory(width, height)
              : 0);
}

void CheckReading(const std::string& path, const ReadOptions& reading,
                  const Steps& steps, int64_t held) {
  const auto head = PeekPhotograph(path, reading);
  if (!head || !steps.InStrips(head->width, head->height)) return;
  const int64_t needed = kProgramMemory + held + head->reading_bytes;
  if (needed <= steps.memory) return;
  throw InputError(path + ": needs at least " + MemoryText(needed) +
                   " of memory to be read; allow more (--memory " +
                   MemoryText(needed) + ")");
}

FeatureSet Extract(const Image& image, const Steps& steps, int max_keypoints,
                   ExtractSeconds* seconds, int64_t held) {
  const int64_t left = MemoryLeft(image, steps, held);
  Stopwatch stopwatch;
  const auto pyramid = ImagePyramid::Around(
      image.gray, steps.NeedsColour() ? image.bgr : std::vector<uint8_t>());
  FeatureSet features;
  features.image_width = image.width;
  features.image_height = image.height;
  std::vector<Keypoint>& keypoints = features.keypoints;

  keypoints = steps.detector->DetectWithin(left, pyramid, max_keypoints);
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
