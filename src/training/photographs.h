// SPDX-License-Identifier: Apache-2.0
// The photographs that training draws from. Decoded by stb_image so that the
// trainer also builds where there is no OpenCV.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tiepoint/image/gray_image.h"

namespace tiepoint {

// Throws InputError for a folder named "eval" or below one: nothing is ever
// trained on evaluation data.
void RefuseEvaluationData(const std::string& folder);

// All .jpg, .jpeg and .png files below `folders`, sorted by path. Files in
// folders named "eval" are passed over; RefuseEvaluationData holds.
// Throws InputError when a folder is missing or holds no photograph.
std::vector<std::string> FindPhotographs(
    const std::vector<std::string>& folders);

// Gray photographs kept as 8 bits, reduced to a longer side of at most
// `max_side` by averaging. Files that cannot be decoded are skipped with a
// warning on stderr.
class PhotographStore {
 public:
  PhotographStore(const std::vector<std::string>& paths, int max_side);
  int Size() const { return static_cast<int>(photographs_.size()); }
  GrayImage Get(int index) const;

 private:
  struct Bytes {
    int width, height;
    std::vector<uint8_t> pixels;
  };
  std::vector<Bytes> photographs_;
};

// Gray image -> JPEG of that quality (1..100) -> gray image.
GrayImage JpegRoundTrip(const GrayImage& image, int quality);

}  // namespace tiepoint
