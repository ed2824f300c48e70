// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/grad_luv.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

constexpr int kSteps = 1024;  // of Y, in the table of L

// Index after reflection at borders that repeat the edge (dcba|abcd|dcba).
int MirrorIndex(int i, int n) {
  while (i < 0 || i >= n) i = i < 0 ? -1 - i : 2 * n - 1 - i;
  return i;
}

// The plane correlated with five taps along x, or along y. Our own loops,
// because training runs without OpenCV and must see the same channels.
GrayImage Correlated(const GrayImage& plane, const std::array<float, 5>& taps,
                     bool along_y) {
  GrayImage result(plane.width, plane.height);
  for (int y = 0; y < plane.height; ++y) {
    float* out = result.Row(y);
    for (int k = 0; k < 5; ++k) {
      if (along_y) {
        const float* row = plane.Row(MirrorIndex(y + k - 2, plane.height));
        for (int x = 0; x < plane.width; ++x) out[x] += taps[k] * row[x];
        continue;
      }
      const float* row = plane.Row(y);
      const int inner_end = std::max(2, plane.width - 2);
      for (int x = 2; x < inner_end; ++x) out[x] += taps[k] * row[x + k - 2];
      for (int x = 0; x < plane.width; x = x == 1 ? inner_end : x + 1) {
        out[x] += taps[k] * row[MirrorIndex(x + k - 2, plane.width)];
      }
    }
  }
  return result;
}

// Gradients of one plane along x (or along y).
GrayImage Derivative(const GrayImage& plane, bool along_y) {
  constexpr std::array<float, 5> kDerivative = {-0.109604f, -0.276691f, 0,
                                                0.276691f, 0.109604f};
  constexpr std::array<float, 5> kSmooth = {0.037659f, 0.249153f, 0.426375f,
                                            0.249153f, 0.037659f};
  return Correlated(Correlated(plane, along_y ? kSmooth : kDerivative, false),
                    along_y ? kDerivative : kSmooth, true);
}

// L for Y in 0..1, by its step.
const std::array<float, kSteps + 1>& LightnessTable() {
  static const std::array<float, kSteps + 1> table = [] {
    std::array<float, kSteps + 1> t{};
    const double knee = std::pow(6.0 / 29, 3), slope = std::pow(29.0 / 3, 3);
    for (int i = 0; i <= kSteps; ++i) {
      const double y = static_cast<double>(i) / kSteps;
      t[i] = static_cast<float>(y > knee ? 116 * std::cbrt(y) - 16 : y * slope);
    }
    return t;
  }();
  return table;
}

struct Luv {
  float l, u, v;
};

// r, g, b in 0..255.
Luv LuvOf(float r, float g, float b) {
  constexpr float kScale = 1 / 255.0f;
  r *= kScale;
  g *= kScale;
  b *= kScale;
  const float x = 0.430574f * r + 0.341550f * g + 0.178325f * b;
  const float y = 0.222015f * r + 0.706655f * g + 0.071330f * b;
  const float z = 0.020183f * r + 0.129553f * g + 0.939180f * b;
  const int step = std::clamp(static_cast<int>(y * kSteps), 0, kSteps);
  const float l = LightnessTable()[step];
  const float c = 1 / (x + 15 * y + 3 * z + 1e-35f);
  const float u = 13 * l * (4 * x * c - 0.197833f);
  const float v = 13 * l * (9 * y * c - 0.468331f);
  return {2.55f * l, (u + 134) * (255 / 354.0f), (v + 140) * (255 / 256.0f)};
}

}  // namespace

std::vector<GrayImage> GradLuv(const std::vector<GrayImage>& bgr) {
  const int planes = static_cast<int>(bgr.size());
  const int width = bgr[0].width, height = bgr[0].height;
  std::vector<GrayImage> gradients(2 * planes);
  ParallelFor(2 * planes, [&](int i) {
    gradients[i] = Derivative(bgr[i / 2], i % 2 == 1);
  });

  std::vector<GrayImage> channels(kGradLuvChannels, GrayImage(width, height));
  ParallelFor(height, [&](int y) {
    float* out[kGradLuvChannels];
    for (int c = 0; c < kGradLuvChannels; ++c) out[c] = channels[c].Row(y);
    for (int x = 0; x < width; ++x) {
      float gx = 0, gy = 0, largest = -1;
      for (int p = 0; p < planes; ++p) {
        const float dx = gradients[2 * p].At(x, y);
        const float dy = gradients[2 * p + 1].At(x, y);
        const float square = dx * dx + dy * dy;
        if (square <= largest) continue;
        largest = square;
        gx = dx;
        gy = dy;
      }
      out[0][x] = 0.5f * gx + 128;
      out[1][x] = 0.5f * gy + 128;
      out[2][x] = std::sqrt(largest);
      const auto colour = [&](int p) {
        return bgr[std::min(p, planes - 1)].At(x, y);
      };
      const Luv luv = LuvOf(colour(2), colour(1), colour(0));
      out[3][x] = luv.l;
      out[4][x] = luv.u;
      out[5][x] = luv.v;
    }
  });
  return channels;
}

}  // namespace tiepoint
