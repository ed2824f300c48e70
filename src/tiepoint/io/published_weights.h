// SPDX-License-Identifier: Apache-2.0
// For tests: the folder of weights that others published, which the project
// does not hold; and the patches on which their outputs are known.
#pragma once

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

namespace tiepoint {

// $TIEPOINT_PUBLISHED_WEIGHTS, or nothing.
inline std::string PublishedWeights() {
  const char* folder = std::getenv("TIEPOINT_PUBLISHED_WEIGHTS");
  return folder == nullptr ? "" : folder;
}

// size x size intensities: (7 x + 13 y) mod 256.
inline std::vector<float> StripedPatch(int size) {
  std::vector<float> patch;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      patch.push_back(static_cast<float>((7 * x + 13 * y) % 256));
    }
  }
  return patch;
}

// round(127.5 + 100 sin(x / 5) cos(y / 7)).
inline std::vector<float> WavyPatch(int size) {
  std::vector<float> patch;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      patch.push_back(static_cast<float>(
          std::round(127.5 + 100 * std::sin(x / 5.0) * std::cos(y / 7.0))));
    }
  }
  return patch;
}

}  // namespace tiepoint
