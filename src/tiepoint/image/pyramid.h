// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tiepoint/image/gray_image.h"

namespace tiepoint {

// The blur that a photograph is taken to have, in pixels (as SIFT assumes).
inline constexpr double kCameraBlur = 0.5;

// A photograph at spacings of 1, 2, 4, ... pixels: octave k has a pixel every
// 2^k image pixels, first centre at (2^k - 1) / 2, and a blur of
// kCameraBlur * 2^k image pixels.
class ImagePyramid {
 public:
  // Octaves are made until the shorter side would be below 4 pixels. `bgr`: the
  // same pixels in colour (height x width x 3, 8 bit), or empty: nobody kept
  // them, or the photograph is gray. Throws InputError for another size.
  explicit ImagePyramid(GrayImage image, std::vector<uint8_t> bgr = {});
  // Of a picture that is not copied: it outlives the pyramid, unchanged.
  static ImagePyramid Around(const GrayImage& image,
                             std::vector<uint8_t> bgr = {});

  int width() const { return image_->width; }
  int height() const { return image_->height; }
  int NumOctaves() const { return static_cast<int>(octaves_.size()) + 1; }
  const GrayImage& Octave(int k) const {
    return k == 0 ? *image_ : octaves_[k - 1];
  }
  // The colours of octave 0; empty when unknown (then blue = green = red = gray
  // is meant).
  const std::vector<uint8_t>& bgr() const { return bgr_; }

 private:
  ImagePyramid(std::shared_ptr<const GrayImage> image,
               std::vector<uint8_t> bgr);

  std::shared_ptr<const GrayImage> image_;  // octave 0
  std::vector<GrayImage> octaves_;          // 1, 2, ...
  std::vector<uint8_t> bgr_;
};

// Octaves of the pyramid of a picture of this size.
int NumOctavesOf(int width, int height);

// The two octaves around log2(spacing) and how much the finer one counts.
struct PyramidLevels {
  PyramidLevels(const ImagePyramid& pyramid, double spacing);
  int fine, coarse;
  double fine_weight;
};

// Reads one pyramid where one sample stands for `spacing` image pixels:
// bilinear in the two octaves around log2(spacing), linear between them, so
// that it changes smoothly with position and spacing. Outside the image the
// photograph goes on reflected.
class PyramidSampler {
 public:
  PyramidSampler(const ImagePyramid& pyramid, double spacing);

  // (x, y) in image pixels.
  float operator()(double x, double y) const {
    const float fine = Bilinear(*fine_, fine_step_, x, y);
    if (fine_weight_ >= 1) return fine;
    return fine_weight_ * fine +
           (1 - fine_weight_) * Bilinear(*coarse_, coarse_step_, x, y);
  }

 private:
  static float Bilinear(const GrayImage& image, double inverse_step, double x,
                        double y);

  const GrayImage* fine_;
  const GrayImage* coarse_;
  double fine_step_;  // 1 / spacing of that octave
  double coarse_step_;
  float fine_weight_;
};

}  // namespace tiepoint
