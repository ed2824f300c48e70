// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_text.h"

#include <fmt/format.h>

#include <iterator>

#include "tiepoint/base/error.h"
#include "tiepoint/io/sift_bytes.h"
#include "tiepoint/io/sift_text.h"

namespace tiepoint {
namespace {

// COLMAP's first pixel centre is (0.5, 0.5), ours (0, 0).
constexpr float kPixelShift = 0.5f;

}  // namespace

std::string ColmapFeatureText(const FeatureSet& features) {
  const DescriptorMatrix& descriptors = features.descriptors;
  if (descriptors.cols != 0 && descriptors.cols != kSiftLength) {
    throw InputError("descriptors of " + std::to_string(descriptors.cols) +
                     " numbers: COLMAP's text files hold 128");
  }
  const std::vector<uint8_t> bytes =
      descriptors.cols == 0
          ? std::vector<uint8_t>(features.keypoints.size() * kSiftLength)
          : SiftBytes(descriptors);
  std::string text;
  const auto end = std::back_inserter(text);
  fmt::format_to(end, "{} {}\n", features.keypoints.size(), kSiftLength);
  const uint8_t* byte = bytes.data();
  for (const Keypoint& k : features.keypoints) {
    fmt::format_to(end, "{} {} {} {}", k.x + kPixelShift, k.y + kPixelShift,
                   k.scale, k.angle);
    for (int c = 0; c < kSiftLength; ++c) fmt::format_to(end, " {}", *byte++);
    text += '\n';
  }
  return text;
}

FeatureSet ParseColmapFeatureText(const std::string& text,
                                  const std::string& where) {
  return ParseSiftText(text, where, [](const std::array<float, 4>& four) {
    Keypoint k;
    k.x = four[0] - kPixelShift;
    k.y = four[1] - kPixelShift;
    k.scale = four[2];
    k.angle = WrapAngle(four[3]);
    return k;
  });
}

std::string ColmapMatchText(const std::string& first, const std::string& second,
                            const std::vector<std::pair<int, int>>& matches) {
  for (const std::string& name : {first, second}) {
    if (name.find_first_of(" \t\r\n") != std::string::npos) {
      throw InputError("'" + name +
                       "': COLMAP's match lists know no names with spaces; "
                       "rename the photograph, or export to a database");
    }
  }
  std::string text = first + " " + second + "\n";
  for (const auto& [i, j] : matches) {
    fmt::format_to(std::back_inserter(text), "{} {}\n", i, j);
  }
  return text + "\n";
}

}  // namespace tiepoint
