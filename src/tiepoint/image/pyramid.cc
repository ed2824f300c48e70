// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/pyramid.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/image/filter.h"

namespace tiepoint {

namespace {

bool HasCoarser(int width, int height) { return std::min(width, height) >= 8; }

// In bands of rows: the blurred picture is never held as a whole, nor is it
// fetched again from memory for the second filter.
GrayImage NextOctave(const GrayImage& image) {
  constexpr int kRows = 48;
  // From a blur of c to 2 c, both in pixels of the finer octave.
  const double blur = kCameraBlur * std::sqrt(3.0);
  GrayImage octave(ResampledSize(image.width, 2),
                   ResampledSize(image.height, 2));
  ParallelFor((octave.height + kRows - 1) / kRows, [&](int band) {
    const RowRange out =
        Inside({band * kRows, (band + 1) * kRows}, octave.height);
    const RowRange blurred = RowsToResample(out, 2, image.height);
    const GrayImage rows =
        ResampleRows(ViewOf(BlurRows(ViewOf(image), blur, blurred),
                            blurred.first, image.height),
                     2, out);
    std::copy(rows.pixels.begin(), rows.pixels.end(), octave.Row(out.first));
  });
  return octave;
}

}  // namespace

ImagePyramid::ImagePyramid(GrayImage image, std::vector<uint8_t> bgr)
    : ImagePyramid(std::make_shared<const GrayImage>(std::move(image)),
                   std::move(bgr)) {}

ImagePyramid ImagePyramid::Around(const GrayImage& image,
                                  std::vector<uint8_t> bgr) {
  // A pointer that owns nothing.
  return {std::shared_ptr<const GrayImage>(std::shared_ptr<void>(), &image),
          std::move(bgr)};
}

ImagePyramid::ImagePyramid(std::shared_ptr<const GrayImage> image,
                           std::vector<uint8_t> bgr)
    : image_(std::move(image)), bgr_(std::move(bgr)) {
  if (image_->Empty()) throw InputError("the image has no pixels");
  if (!bgr_.empty() && bgr_.size() != 3 * image_->pixels.size()) {
    throw InputError("the colours of the image have another size");
  }
  const int count = NumOctavesOf(width(), height());
  octaves_.reserve(count - 1);
  for (int k = 1; k < count; ++k) octaves_.push_back(NextOctave(Octave(k - 1)));
}

int NumOctavesOf(int width, int height) {
  int count = 1;
  for (; HasCoarser(width, height); ++count) {
    width = ResampledSize(width, 2);
    height = ResampledSize(height, 2);
  }
  return count;
}

PyramidLevels::PyramidLevels(const ImagePyramid& pyramid, double spacing) {
  const int last = pyramid.NumOctaves() - 1;
  const double level =
      std::clamp(std::log2(std::max(spacing, 1e-6)), 0.0, double(last));
  fine = std::min(static_cast<int>(level), last);
  coarse = std::min(fine + 1, last);
  fine_weight = 1 - (level - fine);
}

PyramidSampler::PyramidSampler(const ImagePyramid& pyramid, double spacing) {
  const PyramidLevels levels(pyramid, spacing);
  fine_ = &pyramid.Octave(levels.fine);
  coarse_ = &pyramid.Octave(levels.coarse);
  fine_step_ = std::ldexp(1.0, -levels.fine);
  coarse_step_ = std::ldexp(1.0, -levels.coarse);
  fine_weight_ = static_cast<float>(levels.fine_weight);
}

float PyramidSampler::Bilinear(const GrayImage& image, double inverse_step,
                               double x, double y) {
  const double u = (x + 0.5) * inverse_step - 0.5;
  const double v = (y + 0.5) * inverse_step - 0.5;
  const int x0 = static_cast<int>(std::floor(u));
  const int y0 = static_cast<int>(std::floor(v));
  const float fx = static_cast<float>(u - x0);
  const float fy = static_cast<float>(v - y0);
  if (x0 >= 0 && y0 >= 0 && x0 + 1 < image.width && y0 + 1 < image.height) {
    const float* top = image.Row(y0) + x0;
    const float* bottom = top + image.width;
    return (1 - fy) * ((1 - fx) * top[0] + fx * top[1]) +
           fy * ((1 - fx) * bottom[0] + fx * bottom[1]);
  }
  const int xa = ReflectIndex(x0, image.width);
  const int xb = ReflectIndex(x0 + 1, image.width);
  const float* top = image.Row(ReflectIndex(y0, image.height));
  const float* bottom = image.Row(ReflectIndex(y0 + 1, image.height));
  return (1 - fy) * ((1 - fx) * top[xa] + fx * top[xb]) +
         fy * ((1 - fx) * bottom[xa] + fx * bottom[xb]);
}

}  // namespace tiepoint
