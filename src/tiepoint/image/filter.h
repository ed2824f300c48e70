// SPDX-License-Identifier: Apache-2.0
// The two linear filters under the scale space. They are our own because
// training, which runs without OpenCV, must see exactly the pixels that
// inference sees, and because cv::warpAffine and cv::remap round positions to
// 1/32 pixel, which biases keypoints.
#pragma once

#include "tiepoint/image/gray_image.h"
#include "tiepoint/image/rows.h"

namespace tiepoint {

// Index of a pixel after reflection at the borders without repeating them
// (... 2 1 | 0 1 2 ... n-1 | n-2 ...), for any integer i and n >= 1.
int ReflectIndex(int i, int n);

// Convolution with a Gaussian of standard deviation `sigma` pixels, cut at
// 4 sigma, reflected borders. sigma <= 0 returns the image.
GrayImage GaussianBlur(const GrayImage& image, double sigma);

// out(i, j) = image((i + 0.5) spacing - 0.5, (j + 0.5) spacing - 0.5), by
// cubic convolution (Keys 1981, a = -1/2), separable, reflected borders.
// The output covers the whole image: ceil(size / spacing) pixels a side, at
// least 1. No smoothing: blur before when spacing > 1.
GrayImage Resample(const GrayImage& image, double spacing);

// Pixels a side of Resample's output for `size` of its input.
int ResampledSize(int size, double spacing);

// The rows `out` of GaussianBlur and of Resample, to the last bit, from a part
// of the picture that holds at least the rows that RowsToBlur and
// RowsToResample name. `height`: of the picture that is filtered.
RowRange RowsToBlur(const RowRange& out, double sigma, int height);
GrayImage BlurRows(const RowsView& image, double sigma, const RowRange& out);
RowRange RowsToResample(const RowRange& out, double spacing, int height);
GrayImage ResampleRows(const RowsView& image, double spacing,
                       const RowRange& out);

}  // namespace tiepoint
