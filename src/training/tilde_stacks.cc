// SPDX-License-Identifier: Apache-2.0
#include "training/tilde_stacks.h"

#include <algorithm>
#include <cmath>
#include <limits>
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
// Blobs of these sigmas fill TILDE's window of 21 pixels. Finer ones are more,
// but come and go with the light, and what is learned from them does too.
constexpr ScaleSpaceOptions kPointScales = {3.0, 7.6, 3};

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

// The symmetries of the square, 0 .. 7; the first two leave up and down alone.
constexpr int kSymmetries = 8, kUprightSymmetries = 2;

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

// Only those darker than their surroundings: windows, trees and holes are dark
// at any hour, but what is bright is bright by the light that falls on it, and
// so are clouds.
std::vector<Keypoint> FindPoints(const Planes& planes, int count) {
  GrayImage gray = planes[0];
  for (size_t i = 0; i < gray.pixels.size(); ++i) {
    gray.pixels[i] = 0.114f * planes[0].pixels[i] +
                     0.587f * planes[1].pixels[i] +
                     0.299f * planes[2].pixels[i];
  }
  const GrayImage inner = GaussianBlur(gray, 3), outer = GaussianBlur(gray, 6);
  const ImagePyramid pyramid(std::move(gray));
  std::vector<Keypoint> points =
      FindHessianPoints(MakeScaleLevels(pyramid, kPointScales),
                        std::numeric_limits<int>::max(), SparseMaxima());
  std::erase_if(points, [&](const Keypoint& p) {
    const int x = static_cast<int>(p.x), y = static_cast<int>(p.y);
    return inner.At(x, y) >= outer.At(x, y);
  });
  if (std::ssize(points) > count) points.resize(count);
  return points;
}

// A square part of a photograph, and what is done with it.
struct Cut {
  int photograph, x, y, side;
  bool halve;
  int symmetry;
};

Cut DrawCut(const PhotographStore& photographs, const std::vector<int>& indices,
            const TildeStackOptions& options, Random& random) {
  Cut cut;
  const int side = options.side + 2 * kMargin;
  cut.photograph = indices[random.Integer(static_cast<int>(indices.size()))];
  const int width = photographs.Width(cut.photograph);
  const int height = photographs.Height(cut.photograph);
  // Half of the stacks at half size: other scales of the same things.
  cut.halve = !options.camera && std::min(width, height) >= 2 * side &&
              random.Chance(0.5);
  cut.side = cut.halve ? 2 * side : side;
  cut.x = random.Integer(width - cut.side + 1);
  cut.y = random.Integer(height - cut.side + 1);
  cut.symmetry =
      random.Integer(options.camera ? kUprightSymmetries : kSymmetries);
  return cut;
}

// The pictures of one stack.
std::vector<Planes> MakePictures(const PhotographStore& photographs,
                                 const std::vector<int>& indices,
                                 const TildeStackOptions& options, Cut cut,
                                 Random& random) {
  std::vector<Planes> pictures;
  for (int k = 0; k < options.lights; ++k) {
    if (options.camera && k > 0) {
      cut.photograph =
          indices[random.Integer(static_cast<int>(indices.size()))];
    }
    Planes planes =
        photographs.GetColour(cut.photograph, cut.x, cut.y, cut.side, cut.side);
    for (GrayImage& plane : planes) {
      if (cut.halve) plane = Halved(plane);
      plane = Turned(plane, cut.symmetry);
    }
    if (!options.camera) {
      const double strength = options.strength * random.Uniform(0.4, 1);
      if (k > 0) planes = Relight(planes, strength, random);
      AddNoise(planes, strength, random);
    }
    pictures.push_back(std::move(planes));
  }
  return pictures;
}

// Places of a fixed camera in the pictures of a cut.
std::vector<RepeatedPoint> PlacesInCut(const std::vector<RepeatedPoint>& places,
                                       const Cut& cut) {
  std::vector<RepeatedPoint> inside;
  for (RepeatedPoint p : places) {
    p.x -= static_cast<float>(cut.x);
    p.y -= static_cast<float>(cut.y);
    const auto last = static_cast<float>(cut.side - 1);
    if (cut.symmetry & 1) p.x = last - p.x;
    if (std::min(p.x, p.y) < 0 || std::max(p.x, p.y) > last) continue;
    inside.push_back(p);
  }
  return inside;
}

}  // namespace

FixedCamera FindFixedCameraPlaces(const PhotographStore& photographs,
                                  const std::vector<int>& indices) {
  const int width = photographs.Width(indices[0]);
  const int height = photographs.Height(indices[0]);
  const double area = double(width) * height / (640.0 * 480);
  const int count = static_cast<int>(std::lround(100 * area));
  std::vector<std::vector<Keypoint>> detections;
  for (const int i : indices) {
    if (photographs.Width(i) != width || photographs.Height(i) != height) {
      throw InputError("photographs of a fixed camera must have one size");
    }
    // No more than are wanted: those that repeat are then among the strongest
    // of each photograph.
    detections.push_back(
        FindPoints(photographs.GetColour(i, 0, 0, width, height), count));
  }
  // Twice as many below the best: no one knows what they are.
  std::vector<RepeatedPoint> all =
      FindRepeatedPoints(detections, {.count = 3 * count});
  if (all.empty()) throw InputError("no point repeats in the fixed camera");
  const auto end = all.begin() + std::min<long>(count, std::ssize(all));
  return {{all.begin(), end}, {end, all.end()}};
}

TildeStacks MakeTildeStacks(const PhotographStore& photographs,
                            const std::vector<int>& indices,
                            const TildeStackOptions& options, uint64_t seed,
                            uint64_t index) {
  Random random(StreamSeed(seed, index));
  const int side = options.side + 2 * kMargin;
  const std::vector<int> usable = LargeEnough(photographs, indices, side);
  TildeStacks batch{options.stacks, options.lights, options.side, {}, {}, {}};
  for (int s = 0; s < options.stacks; ++s) {
    const Cut cut = DrawCut(photographs, usable, options, random);
    const auto pictures =
        MakePictures(photographs, usable, options, cut, random);
    std::vector<std::vector<Keypoint>> detections;
    for (const Planes& planes : pictures) {
      if (!options.camera) detections.push_back(FindPoints(planes, 60));
      for (const GrayImage& channel : GradLuv(planes)) {
        batch.channels.insert(batch.channels.end(), channel.pixels.begin(),
                              channel.pixels.end());
      }
    }
    // The whole window of responses around a place is needed (shape loss).
    const auto inside = [&](int x, int y) {
      return std::min(x, y) >= kMargin &&
             std::max(x, y) < options.side - kMargin;
    };
    const auto add = [&](const RepeatedPoint& place, bool best) {
      const int x = static_cast<int>(std::lround(place.x)) - kMargin;
      const int y = static_cast<int>(std::lround(place.y)) - kMargin;
      const bool chosen = best && inside(x, y);
      (chosen ? batch.places : batch.others).push_back({s, x, y});
      return chosen;
    };
    if (options.camera) {
      for (const auto& p : PlacesInCut(options.camera->places, cut)) {
        add(p, true);
      }
      for (const auto& p : PlacesInCut(options.camera->others, cut)) {
        add(p, false);
      }
      continue;
    }
    int taken = 0;
    for (const RepeatedPoint& place : FindRepeatedPoints(
             detections,
             {.radius = 3, .spacing = 6, .count = 6 * options.places})) {
      taken += add(place, taken < options.places);
    }
  }
  return batch;
}

}  // namespace tiepoint
