// SPDX-License-Identifier: Apache-2.0
#include "evaluation/warp.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "tiepoint/base/parallel.h"
#include "tiepoint/image/filter.h"
#include "tiepoint/image/pyramid.h"

namespace tiepoint {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr size_t kChannels = 3;

// Keys' cubic with a = -1/2 at distance t of a sample.
double CubicWeight(double t) {
  t = std::abs(t);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}

// Black outside the image.
float CubicSample(const GrayImage& image, double x, double y) {
  const int left = static_cast<int>(std::floor(x)) - 1;
  const int top = static_cast<int>(std::floor(y)) - 1;
  if (left >= image.width || top >= image.height || left + 3 < 0 ||
      top + 3 < 0) {
    return 0;
  }
  std::array<double, 4> weights;
  for (int k = 0; k < 4; ++k) weights[k] = CubicWeight(x - left - k);
  double sum = 0;
  for (int v = std::max(0, top); v <= std::min(image.height - 1, top + 3);
       ++v) {
    double line = 0;
    for (int u = std::max(0, left); u <= std::min(image.width - 1, left + 3);
         ++u) {
      line += weights[u - left] * image.At(u, v);
    }
    sum += CubicWeight(y - v) * line;
  }
  return static_cast<float>(std::clamp(sum, 0.0, 255.0));
}

GrayImage Channel(const Image& image, size_t channel) {
  GrayImage plane(image.gray.width, image.gray.height);
  for (size_t i = 0; i < plane.pixels.size(); ++i) {
    plane.pixels[i] = image.bgr[kChannels * i + channel];
  }
  return plane;
}

// `warp` on the gray picture and on each colour.
template <typename F>
WarpedPhotograph WarpPhotograph(const Image& image, const F& warp) {
  WarpedImage gray = warp(image.gray);
  WarpedPhotograph result;
  result.homography = {gray.xx, gray.xy, gray.x0, gray.yx, gray.yy,
                       gray.y0, 0,       0,       1};
  Image& photograph = result.image;
  photograph.path = image.path;
  photograph.width = gray.image.width;
  photograph.height = gray.image.height;
  photograph.gray = std::move(gray.image);
  if (image.bgr.empty()) return result;
  photograph.bgr.resize(kChannels * photograph.gray.pixels.size());
  for (size_t channel = 0; channel < kChannels; ++channel) {
    const GrayImage plane = warp(Channel(image, channel)).image;
    for (size_t i = 0; i < plane.pixels.size(); ++i) {
      photograph.bgr[kChannels * i + channel] =
          static_cast<uint8_t>(std::lround(plane.pixels[i]));
    }
  }
  return result;
}

}  // namespace

WarpedImage Turned(const GrayImage& image, double degrees) {
  double c = std::cos(degrees * kDegree);
  double s = std::sin(degrees * kDegree);
  // So that a quarter turn is exact.
  for (double* v : {&c, &s}) {
    if (std::abs(*v - std::round(*v)) < 1e-12) *v = std::round(*v);
  }
  const auto side = [](double length) {
    return static_cast<int>(std::ceil(length - 1e-9));
  };
  WarpedImage result;
  result.image =
      GrayImage(side(std::abs(c) * image.width + std::abs(s) * image.height),
                side(std::abs(s) * image.width + std::abs(c) * image.height));
  const double x1 = (image.width - 1) / 2.0;
  const double y1 = (image.height - 1) / 2.0;
  const double x2 = (result.image.width - 1) / 2.0;
  const double y2 = (result.image.height - 1) / 2.0;
  result.xx = c;
  result.xy = -s;
  result.x0 = x2 - c * x1 + s * y1;
  result.yx = s;
  result.yy = c;
  result.y0 = y2 - s * x1 - c * y1;
  ParallelFor(result.image.height, [&](int v) {
    for (int u = 0; u < result.image.width; ++u) {
      const double dx = u - x2;
      const double dy = v - y2;
      result.image.At(u, v) =
          CubicSample(image, x1 + c * dx + s * dy, y1 - s * dx + c * dy);
    }
  });
  return result;
}

WarpedImage Resized(const GrayImage& image, double factor) {
  const double spacing = 1 / factor;
  WarpedImage result;
  const double blur =
      kCameraBlur * std::sqrt(std::max(0.0, spacing * spacing - 1));
  result.image = Resample(GaussianBlur(image, blur), spacing);
  for (float& v : result.image.pixels) v = std::clamp(v, 0.0f, 255.0f);
  result.xx = result.yy = factor;
  result.x0 = result.y0 = 0.5 * factor - 0.5;
  return result;
}

WarpedPhotograph TurnedPhotograph(const Image& image, double degrees) {
  return WarpPhotograph(
      image, [&](const GrayImage& plane) { return Turned(plane, degrees); });
}

WarpedPhotograph ResizedPhotograph(const Image& image, double factor) {
  return WarpPhotograph(
      image, [&](const GrayImage& plane) { return Resized(plane, factor); });
}

}  // namespace tiepoint
