// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/lowe_text.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/io/sift_bytes.h"
#include "tiepoint/io/sift_text.h"

namespace tiepoint {
namespace {

constexpr int kBytesALine = 20;

}  // namespace

std::string LoweText(const FeatureSet& features, LoweOrder order) {
  if (features.descriptors.cols != kSiftLength && !features.keypoints.empty()) {
    throw InputError("descriptors of " +
                     std::to_string(features.descriptors.cols) +
                     " numbers: Lowe's files hold 128");
  }
  const std::vector<uint8_t> bytes = SiftBytes(features.descriptors);
  std::string text;
  const auto end = std::back_inserter(text);
  fmt::format_to(end, "{} {}\n", features.keypoints.size(), kSiftLength);
  const uint8_t* byte = bytes.data();
  for (const Keypoint& k : features.keypoints) {
    const bool row_first = order == LoweOrder::kRowColumn;
    fmt::format_to(end, "{} {} {} {}", row_first ? k.y : k.x,
                   row_first ? k.x : k.y, k.scale, -k.angle);
    for (int c = 0; c < kSiftLength; ++c) {
      fmt::format_to(end, "{} {}", c % kBytesALine == 0 ? "\n" : "", *byte++);
    }
    text += '\n';
  }
  return text;
}

FeatureSet ParseLoweText(const std::string& text, const std::string& where,
                         LoweOrder order) {
  return ParseSiftText(text, where, [&](const std::array<float, 4>& four) {
    Keypoint k;
    k.x = four[0];
    k.y = four[1];
    if (order == LoweOrder::kRowColumn) std::swap(k.x, k.y);
    k.scale = four[2];
    k.angle = WrapAngle(-four[3]);
    return k;
  });
}

}  // namespace tiepoint
