// SPDX-License-Identifier: Apache-2.0
// The photographs that training draws from. Decoded by stb_image so that the
// trainer also builds where there is no OpenCV.
#pragma once

#include <array>
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

// Shares of red, green and blue in a gray value.
using ColourWeights = std::array<float, 3>;
inline constexpr ColourWeights kLuminance = {0.299f, 0.587f, 0.114f};

// Photographs kept as 8 bits in colour, reduced to a longer side of at most
// `max_side` by averaging. Files that cannot be decoded are skipped with a
// warning on stderr.
class PhotographStore {
 public:
  PhotographStore(const std::vector<std::string>& paths, int max_side);
  int Size() const { return static_cast<int>(photographs_.size()); }
  // In gray. Other weights than those of luminance are what another light, or
  // another film, would make of the same materials.
  GrayImage Get(int index, const ColourWeights& weights = kLuminance) const;
  // Blue, green and red planes of the part that begins at (x, y).
  std::vector<GrayImage> GetColour(int index, int x, int y, int width,
                                   int height) const;
  int Width(int index) const { return photographs_[index].width; }
  int Height(int index) const { return photographs_[index].height; }

 private:
  struct Bytes {
    int width, height;
    std::vector<uint8_t> pixels;  // red, green, blue
  };
  std::vector<Bytes> photographs_;
};

// Gray image -> JPEG of that quality (1..100) -> gray image.
GrayImage JpegRoundTrip(const GrayImage& image, int quality);

}  // namespace tiepoint
