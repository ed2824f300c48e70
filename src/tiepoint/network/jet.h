// SPDX-License-Identifier: Apache-2.0
// What a detector looks at when it learns no filters (after Key.Net,
// Barroso-Laguna et al., ICCV 2019, which learns from such channels): numbers
// made of first and second derivatives that stay the same when the picture
// turns (Koenderink and van Doorn's local jet).
#pragma once

#include <array>
#include <vector>

namespace tiepoint {

// Blurs of the picture, pixels. The finer one completes the blur of a level
// (one pixel) to the scale of the level, image/scale_space.h.
inline constexpr std::array<double, 2> kJetSigmas = {1.684, 2.8};
// Of each: -s^2 (xx + yy), s^2 sqrt((xx - yy)^2 + (2 xy)^2), s sqrt(x^2 + y^2)
// with central differences of the blurred picture.
inline constexpr int kJetChannels = 3 * static_cast<int>(kJetSigmas.size());
// Rows and columns that the valid part has less on each side: 3 sigma of the
// coarser blur and one for differences.
inline constexpr int kJetReach = 10;

// Half of the blur's kernel and its middle: weights of distances 0 ..
// kJetReach - 1, of the whole kernel 1.
std::vector<float> JetKernel(double sigma);

// `plane`: width x height; `out`: 6 planes of (width - 2 kJetReach) x (height -
// 2 kJetReach), one after the other.
void ComputeJet(const float* plane, int width, int height, float* out);

// A network on the jet of each pixel: bias + sum over units u of
// out[u] max(0, biases[u] + weights[u] . jet).
struct JetScore {
  std::vector<float> weights;  // units x kJetChannels
  std::vector<float> biases, out;
  float bias = 0;
};

// One plane of (width - 2 kJetReach) x (height - 2 kJetReach) scores, in strips
// of rows on all threads, without a plane of any channel in memory.
std::vector<float> ScoreJet(const JetScore& score, const float* plane,
                            int width, int height);

}  // namespace tiepoint
