// SPDX-License-Identifier: Apache-2.0
#include "training/tilde_stacks.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/features/grad_luv.h"
#include "tiepoint/image/filter.h"
#include "tiepoint/image/pyramid.h"
#include "training/relight.h"
#include "training/repeated_points.h"
#include "training/training_points.h"

namespace tiepoint {
namespace {

using Planes = std::vector<GrayImage>;

constexpr int kMargin = TildeStacks::kFilter / 2;
// Blobs of these sigmas fit TILDE's window of 21 pixels.
constexpr ScaleSpaceOptions kPointScales = {1.4, 6.0, 3};

// Photographs of at least this size on both sides.
std::vector<int> LargeEnough(const PhotographStore& photographs,
                             const std::vector<int>& indices, int side) {
  std::vector<int> result;
  for (const int i : indices) {
    if (std::min(photographs.Width(i), photographs.Height(i)) >= side) {
      result.push_back(i);
    }
  }
  if (result.empty()) {
    throw InputError("no photograph has " + std::to_string(side) +
                     " pixels a side");
  }
  return result;
}

GrayImage Halved(const GrayImage& image) {
  GrayImage half(image.width / 2, image.height / 2);
  for (int y = 0; y < half.height; ++y) {
    for (int x = 0; x < half.width; ++x) {
      half.At(x, y) =
          (image.At(2 * x, 2 * y) + image.At(2 * x + 1, 2 * y) +
           image.At(2 * x, 2 * y + 1) + image.At(2 * x + 1, 2 * y + 1)) /
          4;
    }
  }
  return half;
}

// One of the 8 symmetries of the square.
GrayImage Turned(const GrayImage& image, int symmetry) {
  const int last = image.width - 1;
  GrayImage result(image.width, image.height);
  for (int y = 0; y <= last; ++y) {
    for (int x = 0; x <= last; ++x) {
      int u = x, v = y;
      if (symmetry & 1) u = last - u;
      if (symmetry & 2) v = last - v;
      if (symmetry & 4) std::swap(u, v);
      result.At(x, y) = image.At(u, v);
    }
  }
  return result;
}

void AddNoise(Planes& planes, double strength, Random& random) {
  if (random.Chance(0.3)) {
    const double sigma = strength * random.Uniform(0.3, 1.2);
    for (GrayImage& plane : planes) plane = GaussianBlur(plane, sigma);
  }
  const double sigma = strength * random.Uniform(0, 6);
  for (GrayImage& plane : planes) {
    for (float& v : plane.pixels) {
      v = std::clamp(
          std::round(v + static_cast<float>(sigma * random.Normal())), 0.0f,
          255.0f);
    }
  }
}

std::vector<Keypoint> FindPoints(const Planes& planes) {
  GrayImage gray = planes[0];
  for (size_t i = 0; i < gray.pixels.size(); ++i) {
    gray.pixels[i] = 0.114f * planes[0].pixels[i] +
                     0.587f * planes[1].pixels[i] +
                     0.299f * planes[2].pixels[i];
  }
  const ImagePyramid pyramid(std::move(gray));
  return FindHessianPoints(MakeScaleLevels(pyramid, kPointScales), 60,
                           SparseMaxima());
}

// The pictures of one stack.
std::vector<Planes> MakePictures(const PhotographStore& photographs,
                                 const std::vector<int>& indices,
                                 const TildeStackOptions& options,
                                 Random& random) {
  const int side = options.side + 2 * kMargin;
  const auto draw = [&] {
    return indices[random.Integer(static_cast<int>(indices.size()))];
  };
  int photograph = draw();
  const int width = photographs.Width(photograph);
  const int height = photographs.Height(photograph);
  // Half of the stacks at half size: other scales of the same things.
  const bool halve = std::min(width, height) >= 2 * side && random.Chance(0.5);
  const int cut = halve ? 2 * side : side;
  const int x0 = random.Integer(width - cut + 1);
  const int y0 = random.Integer(height - cut + 1);
  const int symmetry = random.Integer(8);
  std::vector<Planes> pictures;
  for (int k = 0; k < options.lights; ++k) {
    if (options.fixed_camera) photograph = draw();
    Planes planes = photographs.GetColour(photograph, x0, y0, cut, cut);
    for (GrayImage& plane : planes) {
      if (halve) plane = Halved(plane);
      plane = Turned(plane, symmetry);
    }
    if (!options.fixed_camera) {
      const double strength = options.strength * random.Uniform(0.4, 1);
      if (k > 0) planes = Relight(planes, strength, random);
      AddNoise(planes, strength, random);
    }
    pictures.push_back(std::move(planes));
  }
  return pictures;
}

}  // namespace

TildeStacks MakeTildeStacks(const PhotographStore& photographs,
                            const std::vector<int>& indices,
                            const TildeStackOptions& options, uint64_t seed,
                            uint64_t index) {
  Random random(StreamSeed(seed, index));
  const int side = options.side + 2 * kMargin;
  const std::vector<int> usable = LargeEnough(photographs, indices, side);
  TildeStacks batch{options.stacks, options.lights, options.side, {}, {}, {}};
  for (int s = 0; s < options.stacks; ++s) {
    const auto pictures = MakePictures(photographs, usable, options, random);
    std::vector<std::vector<Keypoint>> detections;
    for (const Planes& planes : pictures) {
      detections.push_back(FindPoints(planes));
      for (const GrayImage& channel : GradLuv(planes)) {
        batch.channels.insert(batch.channels.end(), channel.pixels.begin(),
                              channel.pixels.end());
      }
    }
    int taken = 0;
    for (const RepeatedPoint& place : FindRepeatedPoints(
             detections,
             {.radius = 3, .spacing = 6, .count = 6 * options.places})) {
      const int x = static_cast<int>(std::lround(place.x)) - kMargin;
      const int y = static_cast<int>(std::lround(place.y)) - kMargin;
      // The whole window of responses around a place is needed (shape loss).
      const bool inside =
          std::min(x, y) >= kMargin && std::max(x, y) < options.side - kMargin;
      const bool chosen = inside && taken < options.places;
      (chosen ? batch.places : batch.others).push_back({s, x, y});
      taken += chosen;
    }
  }
  return batch;
}

}  // namespace tiepoint
