// SPDX-License-Identifier: Apache-2.0
// A photograph turned or resized: the place of every point is known exactly.
#pragma once

#include "tiepoint/geometry/two_view.h"
#include "tiepoint/image/image.h"

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

// The same of a whole photograph, with its colours where it has them, as if
// the result were a stored file. Homography: x' ~ H x in working pixels.
struct WarpedPhotograph {
  Image image;
  Matrix3 homography{};
};
WarpedPhotograph TurnedPhotograph(const Image& image, double degrees);
WarpedPhotograph ResizedPhotograph(const Image& image, double factor);

}  // namespace tiepoint
