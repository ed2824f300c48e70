// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/sift_text.h"

#include <cstdint>
#include <vector>

#include "tiepoint/io/number_text.h"
#include "tiepoint/io/sift_bytes.h"

namespace tiepoint {

FeatureSet ParseSiftText(
    const std::string& text, const std::string& where,
    const std::function<Keypoint(const std::array<float, 4>&)>& keypoint) {
  NumberText numbers(text, where);
  const int64_t count =
      numbers.Count(0, kMaxTextKeypoints, "the number of keypoints");
  numbers.Count(kSiftLength, kSiftLength, "the length of descriptors");
  FeatureSet features;
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < count; ++i) {
    std::array<float, 4> four;
    for (float& number : four) number = static_cast<float>(numbers.Number());
    features.keypoints.push_back(keypoint(four));
    for (int c = 0; c < kSiftLength; ++c) {
      bytes.push_back(static_cast<uint8_t>(
          numbers.Count(0, 255, "a number of a descriptor")));
    }
  }
  numbers.End();
  features.descriptors = DescriptorsOfSiftBytes(bytes);
  return features;
}

}  // namespace tiepoint
