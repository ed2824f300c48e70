// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/vgg_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "tiepoint/base/error.h"
#include "tiepoint/io/number_text.h"

namespace tiepoint {
namespace {

constexpr int64_t kMaxLength = 1 << 16;

}  // namespace

std::string VggText(const FeatureSet& features) {
  const DescriptorMatrix& descriptors = features.descriptors;
  std::string text;
  const auto end = std::back_inserter(text);
  if (descriptors.cols == 0) {
    text = "1.0\n";
  } else {
    fmt::format_to(end, "{}\n", descriptors.cols);
  }
  fmt::format_to(end, "{}\n", features.keypoints.size());
  for (int i = 0; i < std::ssize(features.keypoints); ++i) {
    const Keypoint& k = features.keypoints[i];
    const double a = 1 / (static_cast<double>(k.scale) * k.scale);
    if (!(k.scale > 0) || !std::isfinite(a) || a == 0) {
      throw InputError("a keypoint of scale " + std::to_string(k.scale) +
                       " has no region");
    }
    fmt::format_to(end, "{} {} {} 0 {}", k.x, k.y, a, a);
    for (int c = 0; c < descriptors.cols; ++c) {
      fmt::format_to(end, " {}", descriptors.Row(i)[c]);
    }
    text += '\n';
  }
  return text;
}

FeatureSet ParseVggText(const std::string& text, const std::string& where) {
  NumberText numbers(text, where);
  const int64_t length =
      numbers.Count(0, kMaxLength, "the length of descriptors");
  const int64_t count =
      numbers.Count(0, kMaxTextKeypoints, "the number of regions");
  FeatureSet features;
  DescriptorMatrix& descriptors = features.descriptors;
  descriptors.cols = static_cast<int>(length <= 1 ? 0 : length);
  descriptors.rows = static_cast<int>(count);
  for (int64_t i = 0; i < count; ++i) {
    Keypoint k;
    k.x = static_cast<float>(numbers.Number());
    k.y = static_cast<float>(numbers.Number());
    const double a = numbers.Number(), b = numbers.Number(),
                 c = numbers.Number();
    const double determinant = a * c - b * b;
    if (!(a > 0) || !(determinant > 0) || !std::isfinite(determinant)) {
      throw InputError(where + ": region " + std::to_string(i + 1) +
                       " is no ellipse");
    }
    k.scale = static_cast<float>(std::pow(determinant, -0.25));
    features.keypoints.push_back(k);
    for (int d = 0; d < descriptors.cols; ++d) {
      descriptors.data.push_back(static_cast<float>(numbers.Number()));
    }
  }
  numbers.End();
  return features;
}

}  // namespace tiepoint
