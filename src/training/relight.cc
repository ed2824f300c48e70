// SPDX-License-Identifier: Apache-2.0
#include "training/relight.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "tiepoint/image/filter.h"

namespace tiepoint {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr double kGamma = 2.2;

// Adds f(x, y) to every pixel.
template <typename F>
void AddField(GrayImage& field, const F& f) {
  for (int y = 0; y < field.height; ++y) {
    float* row = field.Row(y);
    for (int x = 0; x < field.width; ++x) row[x] += static_cast<float>(f(x, y));
  }
}

double Side(const GrayImage& image) {
  return std::max(image.width, image.height);
}

// Fields are log2 of what multiplies the light.
void AddWaves(GrayImage& field, double strength, Random& random) {
  for (int k = 0; k < 3; ++k) {
    const double amplitude = strength * random.Uniform(0, 0.7);
    const double length = random.Uniform(0.4, 2.5) * Side(field);
    const double angle = random.Uniform(0, kTurn);
    const double phase = random.Uniform(0, kTurn);
    const double a = kTurn / length * std::cos(angle);
    const double b = kTurn / length * std::sin(angle);
    AddField(field, [&](int x, int y) {
      return amplitude * std::sin(a * x + b * y + phase);
    });
  }
}

void AddSpots(GrayImage& field, double strength, Random& random) {
  const int count = 1 + random.Integer(5);
  for (int k = 0; k < count; ++k) {
    const double x0 = random.Uniform(0, field.width);
    const double y0 = random.Uniform(0, field.height);
    const double height = strength * random.Uniform(1, 4);
    const double sigma = random.Uniform(0.03, 0.2) * Side(field);
    AddField(field, [&](int x, int y) {
      const double r2 = (x - x0) * (x - x0) + (y - y0) * (y - y0);
      return height * std::exp(-r2 / (2 * sigma * sigma));
    });
  }
}

// Brightness taken as height: the derivative along the light's direction.
void AddRelief(const GrayImage& brightness, GrayImage& field, double strength,
               Random& random) {
  GrayImage height = brightness;
  for (float& v : height.pixels) v = std::log2(v + 8);
  const double sigma = std::exp2(random.Uniform(-0.5, 2.5));
  height = GaussianBlur(height, sigma);
  const double angle = random.Uniform(0, kTurn);
  const double gain = strength * random.Uniform(0.5, 3) * sigma;
  const double a = gain * std::cos(angle), b = gain * std::sin(angle);
  const int right = height.width - 1, bottom = height.height - 1;
  AddField(field, [&](int x, int y) {
    const double dx =
        height.At(std::min(x + 1, right), y) - height.At(std::max(x - 1, 0), y);
    const double dy = height.At(x, std::min(y + 1, bottom)) -
                      height.At(x, std::max(y - 1, 0));
    return std::clamp(a * dx + b * dy, -1.5, 1.5);
  });
}

// Where 1 to 4 half planes meet.
void AddShadow(GrayImage& field, double strength, Random& random) {
  struct Rim {
    double c, s, offset;
  };
  const int rims = 1 + random.Integer(4);
  const double x0 = random.Uniform(0, field.width);
  const double y0 = random.Uniform(0, field.height);
  std::array<Rim, 4> half_planes;
  for (int k = 0; k < rims; ++k) {
    const double angle = random.Uniform(0, kTurn);
    half_planes[k] = {std::cos(angle), std::sin(angle),
                      random.Uniform(0.02, 0.35) * Side(field)};
  }
  const double sharpness = std::exp2(-random.Uniform(-1, 4));
  const double depth = strength * random.Uniform(0.5, 2.5);
  AddField(field, [&](int x, int y) {
    double inside = half_planes[0].offset + half_planes[0].c * (x - x0) +
                    half_planes[0].s * (y - y0);
    for (int k = 1; k < rims; ++k) {
      inside =
          std::min(inside, half_planes[k].offset + half_planes[k].c * (x - x0) +
                               half_planes[k].s * (y - y0));
    }
    return -depth / (1 + std::exp(-inside * sharpness));
  });
}

GrayImage LightField(const GrayImage& brightness, double strength,
                     Random& random) {
  GrayImage field(brightness.width, brightness.height);
  AddWaves(field, strength, random);
  if (random.Chance(0.7)) AddRelief(brightness, field, strength, random);
  for (int k = random.Integer(4); k > 0; --k) {
    AddShadow(field, strength, random);
  }
  if (random.Chance(0.15)) AddSpots(field, strength, random);
  return field;
}

// What the camera makes of the light that reaches it.
struct Development {
  double exposure = 1;              // brings the brightest parts to about white
  double haze = 0, haze_above = 0;  // share at the bottom, added at the top
  double veil = 0.7;                // its brightness
  double gamma = 1 / kGamma;
  double wave = 0, frequency = 1, phase = 0;  // of the tone curve

  static Development Draw(double strength, Random& random) {
    Development d;
    d.exposure = std::exp2(strength * random.Uniform(-1.5, 0.7));
    if (random.Chance(0.4)) {
      d.haze = strength * random.Uniform(0, 0.5);
      d.haze_above = strength * random.Uniform(0, 0.4);
      d.veil = random.Uniform(0.3, 0.9);
    }
    d.gamma *= std::exp2(strength * random.Uniform(-0.7, 0.7));
    if (random.Chance(0.25)) {
      d.wave = strength * random.Uniform(0.05, 0.25);
      d.frequency = random.Uniform(0.5, 1.5);
      d.phase = random.Uniform(0, kTurn);
    }
    return d;
  }

  // `light` linear, `down` 0 at the top, 1 at the bottom. Returns 0..255.
  float Of(double light, double down) const {
    const double share = haze + haze_above * (1 - down);
    double v = exposure * light * (1 - share) + veil * share;
    v = std::pow(std::clamp(v, 0.0, 1.0), gamma);
    v += wave * std::sin(kTurn * frequency * v + phase);
    return static_cast<float>(255 * std::clamp(v, 0.0, 1.0));
  }
};

GrayImage Brightness(const std::vector<GrayImage>& planes) {
  GrayImage mean = planes[0];
  for (size_t p = 1; p < planes.size(); ++p) {
    for (size_t i = 0; i < mean.pixels.size(); ++i) {
      mean.pixels[i] += planes[p].pixels[i];
    }
  }
  const float share = 1 / static_cast<float>(planes.size());
  for (float& v : mean.pixels) v *= share;
  return mean;
}

}  // namespace

std::vector<GrayImage> Relight(const std::vector<GrayImage>& planes,
                               double strength, Random& random) {
  if (strength <= 0) return planes;
  const GrayImage field = LightField(Brightness(planes), strength, random);
  const Development development = Development::Draw(strength, random);
  std::array<float, 256> linear;  // of 8-bit values
  for (int v = 0; v < 256; ++v) {
    linear[v] = static_cast<float>(std::pow(v / 255.0, kGamma));
  }
  std::vector<GrayImage> result = planes;
  for (GrayImage& plane : result) {
    const double gain =
        planes.size() > 1 ? strength * 0.5 * random.Normal() : 0.0;
    for (int y = 0; y < plane.height; ++y) {
      const double down = (y + 0.5) / plane.height;
      float* row = plane.Row(y);
      const float* light = field.Row(y);
      for (int x = 0; x < plane.width; ++x) {
        const int v = std::clamp(static_cast<int>(row[x] + 0.5f), 0, 255);
        row[x] = development.Of(linear[v] * std::exp2(light[x] + gain), down);
      }
    }
  }
  return result;
}

}  // namespace tiepoint
