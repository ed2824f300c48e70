// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/image/image.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/pipeline/preset.h"

namespace tiepoint {

struct ExtractSeconds {
  double detect = 0;
  double orient = 0;
  double describe = 0;
};

// The largest working image of steps that do not work in strips: they take up
// to 250 bytes a pixel, 10 GB at this size. Larger photographs are refused with
// a hint at --max-image-size.
inline constexpr int64_t kMaxWorkingPixels = 40'000'000;

// Keypoints, angles and descriptors of one photograph; keypoints in pixels of
// the stored file (scale too), whatever size the steps worked on. Steps that
// need colour see image.bgr; an image without counts as gray. Without a
// descriptor step the descriptors have a row each and no columns.
// `held`: bytes that the caller holds meanwhile beside the image: they count
// among steps.memory, which features do not depend on. Throws InputError when
// the working image needs more than that is, or has more than kMaxWorkingPixels
// (Steps::InStrips).
FeatureSet Extract(const Image& image, const Steps& steps, int max_keypoints,
                   ExtractSeconds* seconds = nullptr, int64_t held = 0);

// The bytes that Extract needs at least for a working image of this size, with
// the image; without those of the program. Of steps that do not work in strips
// only those of the pyramid are counted.
int64_t LeastMemory(int width, int height, bool colour, const Steps& steps);

// Throws InputError when the head of the file says that reading it takes more
// than steps.memory with what is `held` beside it, and the steps work in
// strips.
void CheckReading(const std::string& path, const ReadOptions& reading,
                  const Steps& steps, int64_t held);

}  // namespace tiepoint
