// SPDX-License-Identifier: Apache-2.0
#include "bench_image.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"

using namespace tiepoint;

BenchSize ParseBenchSize(const std::string& text) {
  BenchSize size;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%dx%d%c", &size.width, &size.height, &rest) !=
          2 ||
      size.width < 32 || size.height < 32 || size.width > 10000 ||
      size.height > 10000) {
    throw InputError("--sizes: '" + text +
                     "' is not WIDTHxHEIGHT between 32 and 10000, e.g. "
                     "640x480");
  }
  return size;
}

GrayImage SyntheticImage(const BenchSize& size, uint64_t seed) {
  GrayImage image(size.width, size.height, 128);
  Random random(seed);
  const int count = size.width * size.height / 100;
  for (int k = 0; k < count; ++k) {
    const double sigma = 0.8 * std::exp2(4 * std::pow(random.Uniform(), 2));
    const double x0 = random.Uniform(0, size.width);
    const double y0 = random.Uniform(0, size.height);
    const double contrast = random.Uniform(-60, 60);
    const double turn = random.Uniform(0, std::numbers::pi);
    const double narrow = random.Uniform(0.3, 1);
    const double c = std::cos(turn), s = std::sin(turn);
    const int reach = static_cast<int>(std::ceil(3 * sigma));
    const int left = static_cast<int>(x0), top = static_cast<int>(y0);
    for (int y = std::max(0, top - reach);
         y <= std::min(size.height - 1, top + reach); ++y) {
      for (int x = std::max(0, left - reach);
           x <= std::min(size.width - 1, left + reach); ++x) {
        const double u = (c * (x - x0) + s * (y - y0)) / sigma;
        const double v = (c * (y - y0) - s * (x - x0)) / (sigma * narrow);
        image.At(x, y) +=
            static_cast<float>(contrast * std::exp(-(u * u + v * v) / 2));
      }
    }
  }
  for (float& v : image.pixels) v = std::round(std::clamp(v, 0.0f, 255.0f));
  return image;
}

GrayImage SizedTo(const GrayImage& image, const BenchSize& size) {
  const cv::Mat source(image.height, image.width, CV_32F,
                       const_cast<float*>(image.pixels.data()));
  GrayImage result(size.width, size.height);
  cv::Mat target(size.height, size.width, CV_32F, result.pixels.data());
  const bool smaller = size.width < image.width;
  cv::resize(source, target, target.size(), 0, 0,
             smaller ? cv::INTER_AREA : cv::INTER_CUBIC);
  for (float& v : result.pixels) v = std::round(std::clamp(v, 0.0f, 255.0f));
  return result;
}

GrayImage SecondView(const GrayImage& image) {
  const cv::Mat source(image.height, image.width, CV_32F,
                       const_cast<float*>(image.pixels.data()));
  GrayImage result(image.width, image.height);
  cv::Mat target(image.height, image.width, CV_32F, result.pixels.data());
  const cv::Point2f centre(image.width / 2.0f, image.height / 2.0f);
  cv::warpAffine(source, target, cv::getRotationMatrix2D(centre, 10, 1.1),
                 target.size(), cv::INTER_CUBIC, cv::BORDER_REFLECT);
  for (float& v : result.pixels) v = std::round(std::clamp(v, 0.0f, 255.0f));
  return result;
}
