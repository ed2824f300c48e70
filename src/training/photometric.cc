// SPDX-License-Identifier: Apache-2.0
#include "training/photometric.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiepoint/image/filter.h"
#include "training/photographs.h"

namespace tiepoint {
namespace {

void ChangeTones(GrayImage& image, double strength, Random& random) {
  const double gamma = std::exp2(strength * random.Uniform(-0.9, 0.9));
  const double contrast = std::exp2(strength * random.Uniform(-1.0, 0.4));
  const double brightness = strength * random.Uniform(-50, 50);
  for (float& v : image.pixels) {
    const double t = 255 * std::pow(std::clamp(v, 0.0f, 255.0f) / 255.0, gamma);
    v = static_cast<float>((t - 128) * contrast + 128 + brightness);
  }
}

// A soft-edged half plane or disc that is darker or lighter.
void AddShadow(GrayImage& image, double strength, Random& random) {
  const double factor = std::exp2(-strength * random.Uniform(0.3, 1.6));
  const double x0 = random.Uniform(0, image.width);
  const double y0 = random.Uniform(0, image.height);
  const double size = std::max(image.width, image.height);
  const double radius = random.Uniform(0.1, 0.6) * size;
  const double softness = random.Uniform(1, 40);
  const bool disc = random.Chance(0.5);
  const double a = random.Uniform(0, 2 * std::numbers::pi);
  const double c = std::cos(a), s = std::sin(a);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const double distance = disc ? radius - std::hypot(x - x0, y - y0)
                                   : c * (x - x0) + s * (y - y0);
      const double inside = 1 / (1 + std::exp(-distance / softness));
      image.At(x, y) *= static_cast<float>(1 + (factor - 1) * inside);
    }
  }
}

void BlurAlongLine(GrayImage& image, int length, double angle) {
  const GrayImage in = image;
  const double c = std::cos(angle), s = std::sin(angle);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      float sum = 0;
      for (int k = 0; k < length; ++k) {
        const double t = k - (length - 1) / 2.0;
        sum += in.At(
            ReflectIndex(static_cast<int>(std::lround(x + c * t)), in.width),
            ReflectIndex(static_cast<int>(std::lround(y + s * t)), in.height));
      }
      image.At(x, y) = sum / static_cast<float>(length);
    }
  }
}

void Quantize(GrayImage& image) {
  for (float& v : image.pixels) {
    v = std::clamp(std::round(v), 0.0f, 255.0f);
  }
}

}  // namespace

GrayImage ChangeAppearance(const GrayImage& image, double strength,
                           Random& random) {
  GrayImage result = image;
  if (random.Chance(0.85)) ChangeTones(result, strength, random);
  if (random.Chance(0.35)) AddShadow(result, strength, random);
  if (random.Chance(0.35)) {
    if (random.Chance(0.7)) {
      result = GaussianBlur(result, strength * random.Uniform(0.3, 1.6));
    } else {
      const int length = 2 + random.Integer(1 + static_cast<int>(5 * strength));
      BlurAlongLine(result, length, random.Uniform(0, std::numbers::pi));
    }
  }
  if (random.Chance(0.6)) {
    const float sigma = static_cast<float>(strength * random.Uniform(0.5, 7));
    for (float& v : result.pixels) {
      v += sigma * static_cast<float>(random.Normal());
    }
  }
  Quantize(result);
  if (random.Chance(0.4)) {
    result = JpegRoundTrip(
        result, static_cast<int>(95 - strength * random.Uniform(0, 75)));
  }
  return result;
}

}  // namespace tiepoint
