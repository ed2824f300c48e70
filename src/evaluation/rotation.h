// SPDX-License-Identifier: Apache-2.0
// A photograph against itself turned or resized: the truth is known exactly.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "tiepoint/image/image.h"
#include "tiepoint/pipeline/preset.h"

namespace tiepoint {

// An image and the place in it of each point of the one it was made from.
struct WarpedImage {
  GrayImage image;
  // x' = xx x + xy y + x0, y' = yx x + yy y + y0.
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
};

// The photograph turned by `degrees` (from +x toward +y, clockwise on screen)
// about its centre, on a canvas that holds all of it. Cubic convolution (Keys,
// a = -1/2); multiples of 90 degrees only move pixels. Black around it.
WarpedImage Turned(const GrayImage& image, double degrees);

// The photograph with `factor` times as many pixels a side: blurred before it
// is made smaller (so that it keeps the blur of a camera), cubic convolution.
WarpedImage Resized(const GrayImage& image, double factor);

// Of one preset, for one turn (degrees) or one factor.
struct WarpScore {
  double warp = 0;
  int keypoints = 0;  // in the warped image
  int matches = 0;    // mutual nearest neighbours
  int correct = 0;    // within 3 pixels of the warped image
  double Accuracy() const {
    return matches > 0 ? static_cast<double>(correct) / matches : 0;
  }
  // Median over correct matches of |angle2 - angle1 - turn|, degrees; 0 when
  // there are none.
  double angle_error = 0;
};

// Shares of keypoints by angle, [-180, -150), [-150, -120), ... degrees.
using AngleHistogram = std::array<double, 12>;

struct WarpRow {
  Preset preset;
  int keypoints = 0;  // in the photograph as it is
  AngleHistogram angles{};
  std::vector<WarpScore> scores;
  double FullestBin() const;
};

// One row a preset. `progress` is told what is worked on.
std::vector<WarpRow> EvaluateRotation(
    const Image& image, const std::vector<std::string>& presets,
    const ExtractorOptions& options, const std::vector<double>& degrees,
    const std::function<void(const std::string&)>& progress);
std::vector<WarpRow> EvaluateScale(
    const Image& image, const std::vector<std::string>& presets,
    const ExtractorOptions& options, const std::vector<double>& factors,
    const std::function<void(const std::string&)>& progress);

}  // namespace tiepoint
