// SPDX-License-Identifier: Apache-2.0
#include "evaluation/rotation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiepoint/base/parallel.h"
#include "tiepoint/image/filter.h"
#include "tiepoint/image/pyramid.h"
#include "tiepoint/matching/matcher.h"
#include "tiepoint/pipeline/extract.h"

namespace tiepoint {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kCorrectError = 3;

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
  double sum = 0;
  for (int v = std::max(0, top); v <= std::min(image.height - 1, top + 3);
       ++v) {
    const double weight = CubicWeight(y - v);
    for (int u = std::max(0, left); u <= std::min(image.width - 1, left + 3);
         ++u) {
      sum += weight * CubicWeight(x - u) * image.At(u, v);
    }
  }
  return static_cast<float>(std::clamp(sum, 0.0, 255.0));
}

FeatureSet ExtractFrom(const GrayImage& image, const Steps& steps,
                       int max_keypoints) {
  Image photograph;
  photograph.width = image.width;
  photograph.height = image.height;
  photograph.gray = image;
  return Extract(photograph, steps, max_keypoints);
}

WarpScore Score(const FeatureSet& first, const FeatureSet& second,
                const WarpedImage& warp, double turn) {
  WarpScore score;
  score.keypoints = static_cast<int>(second.keypoints.size());
  const auto matches = MatchDescriptors(first.descriptors, second.descriptors);
  score.matches = static_cast<int>(matches.size());
  std::vector<double> errors;
  for (const Match& match : matches) {
    const Keypoint& a = first.keypoints[match.i];
    const Keypoint& b = second.keypoints[match.j];
    const double x = warp.xx * a.x + warp.xy * a.y + warp.x0;
    const double y = warp.yx * a.x + warp.yy * a.y + warp.y0;
    if (std::hypot(b.x - x, b.y - y) > kCorrectError) continue;
    errors.push_back(std::abs(WrapAngle(double{b.angle} - a.angle - turn)) /
                     kDegree);
  }
  score.correct = static_cast<int>(errors.size());
  if (!errors.empty()) {
    const auto middle = errors.begin() + errors.size() / 2;
    std::nth_element(errors.begin(), middle, errors.end());
    score.angle_error = *middle;
  }
  return score;
}

AngleHistogram HistogramOf(const std::vector<Keypoint>& keypoints) {
  AngleHistogram histogram{};
  for (const Keypoint& k : keypoints) {
    const double turn = (k.angle / std::numbers::pi + 1) / 2;  // [0, 1)
    const int bin = std::clamp(static_cast<int>(turn * histogram.size()), 0,
                               static_cast<int>(histogram.size()) - 1);
    histogram[bin] += 1.0 / keypoints.size();
  }
  return histogram;
}

}  // namespace

double WarpRow::FullestBin() const {
  return *std::max_element(angles.begin(), angles.end());
}

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

namespace {

std::vector<WarpRow> Evaluate(
    const Image& image, const std::vector<std::string>& presets,
    const ExtractorOptions& options, const std::vector<double>& warps,
    const std::function<WarpedImage(const GrayImage&, double)>& make,
    bool turns, const std::function<void(const std::string&)>& progress) {
  std::vector<WarpRow> rows;
  std::vector<Steps> steps;
  std::vector<FeatureSet> originals;
  for (const std::string& name : presets) {
    steps.push_back(MakeSteps(ParsePreset(name), options));
    progress(name + ": as it is");
    originals.push_back(
        ExtractFrom(image.gray, steps.back(), options.max_keypoints));
    WarpRow row;
    row.preset = steps.back().preset;
    row.keypoints = static_cast<int>(originals.back().keypoints.size());
    row.angles = HistogramOf(originals.back().keypoints);
    rows.push_back(row);
  }
  for (const double amount : warps) {
    const WarpedImage warp = make(image.gray, amount);
    for (size_t p = 0; p < presets.size(); ++p) {
      progress(presets[p] + ": " + std::to_string(amount));
      const FeatureSet features =
          ExtractFrom(warp.image, steps[p], options.max_keypoints);
      WarpScore score =
          Score(originals[p], features, warp, turns ? amount * kDegree : 0);
      score.warp = amount;
      rows[p].scores.push_back(score);
    }
  }
  return rows;
}

}  // namespace

std::vector<WarpRow> EvaluateRotation(
    const Image& image, const std::vector<std::string>& presets,
    const ExtractorOptions& options, const std::vector<double>& degrees,
    const std::function<void(const std::string&)>& progress) {
  return Evaluate(image, presets, options, degrees, Turned, true, progress);
}

std::vector<WarpRow> EvaluateScale(
    const Image& image, const std::vector<std::string>& presets,
    const ExtractorOptions& options, const std::vector<double>& factors,
    const std::function<void(const std::string&)>& progress) {
  return Evaluate(image, presets, options, factors, Resized, false, progress);
}

}  // namespace tiepoint
