// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/sift_bytes.h"

#include <algorithm>
#include <cmath>

namespace tiepoint {
namespace {

constexpr float kUnit = 512;  // of a unit vector

}  // namespace

bool FitSiftBytes(const DescriptorMatrix& descriptors) {
  if (descriptors.rows == 0) return true;
  return descriptors.cols == kSiftLength &&
         std::all_of(descriptors.data.begin(), descriptors.data.end(),
                     [](float value) { return value >= 0; });
}

std::vector<uint8_t> SiftBytes(const DescriptorMatrix& descriptors) {
  std::vector<uint8_t> bytes;
  bytes.reserve(descriptors.data.size());
  for (int i = 0; i < descriptors.rows; ++i) {
    const float* const row = descriptors.Row(i);
    double squares = 0;
    for (int c = 0; c < descriptors.cols; ++c) {
      if (!std::isnan(row[c])) squares += static_cast<double>(row[c]) * row[c];
    }
    const double factor = squares > 0 ? kUnit / std::sqrt(squares) : 0;
    for (int c = 0; c < descriptors.cols; ++c) {
      const double level = std::round(factor * row[c]);
      // Written so that a NaN becomes 0.
      bytes.push_back(
          static_cast<uint8_t>(level > 0 ? std::min(level, 255.0) : 0.0));
    }
  }
  return bytes;
}

DescriptorMatrix DescriptorsOfSiftBytes(const std::vector<uint8_t>& bytes) {
  DescriptorMatrix descriptors;
  descriptors.rows = static_cast<int>(bytes.size() / kSiftLength);
  descriptors.cols = kSiftLength;
  descriptors.data.reserve(bytes.size());
  for (const uint8_t byte : bytes) descriptors.data.push_back(byte / kUnit);
  return descriptors;
}

}  // namespace tiepoint
