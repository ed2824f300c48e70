// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/grad_luv.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

constexpr int kSteps = 1024;  // of Y, in the table of L

cv::Mat View(const GrayImage& image) {
  return cv::Mat(image.height, image.width, CV_32F,
                 const_cast<float*>(image.pixels.data()));
}

// Gradients of one plane along x (or along y).
GrayImage Derivative(const GrayImage& plane, bool along_y) {
  const cv::Matx<float, 1, 5> derivative(-0.109604f, -0.276691f, 0, 0.276691f,
                                         0.109604f);
  const cv::Matx<float, 1, 5> smooth(0.037659f, 0.249153f, 0.426375f, 0.249153f,
                                     0.037659f);
  GrayImage result(plane.width, plane.height);
  cv::Mat target = View(result);
  cv::sepFilter2D(View(plane), target, CV_32F, along_y ? smooth : derivative,
                  along_y ? derivative : smooth, cv::Point(-1, -1), 0,
                  cv::BORDER_REFLECT);
  return result;
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
