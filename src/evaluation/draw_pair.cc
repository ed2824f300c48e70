// SPDX-License-Identifier: Apache-2.0
#include "evaluation/draw_pair.h"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tiepoint/image/read_image.h"

namespace tiepoint {
namespace {

constexpr int kWidth = 1200;
constexpr int kGap = 6;
constexpr int kHighest = 900;
constexpr size_t kMaxLines = 150;
// Everything is drawn in units of 1 / 16 pixel.
constexpr int kShift = 4;
// The photographs step back a little behind what is drawn on them.
constexpr double kDim = 0.75;

const cv::Scalar kBackground(32, 28, 26);
const cv::Scalar kRed(60, 60, 235);
const cv::Scalar kGreen(90, 225, 90);

cv::Mat Read(const std::string& path, const Features& features) {
  const Image image =
      ReadImage(path, {.max_image_size = std::max(features.set.image_width,
                                                  features.set.image_height),
                       .keep_colour = true});
  return cv::Mat(image.gray.height, image.gray.width, CV_8UC3,
                 const_cast<uint8_t*>(image.bgr.data()))
      .clone();
}

// One photograph's place in the picture.
struct Panel {
  double factor = 1;  // picture pixels a working pixel
  int left = 0;

  cv::Point At(const Keypoint& k) const {
    const double one = 1 << kShift;
    return {cvRound((left + (k.x + 0.5) * factor - 0.5) * one),
            cvRound(((k.y + 0.5) * factor - 0.5) * one)};
  }
};

Panel Place(const cv::Mat& photograph, int height, int left, cv::Mat& canvas) {
  Panel panel;
  panel.left = left;
  panel.factor = static_cast<double>(height) / photograph.rows;
  const cv::Rect place(
      left, 0,
      std::min(canvas.cols - left,
               std::max(1, cvRound(photograph.cols * panel.factor))),
      height);
  cv::Mat target = canvas(place);
  cv::resize(photograph, target, place.size(), 0, 0,
             panel.factor < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
  target *= kDim;
  return panel;
}

// At most kMaxLines of the list, evenly.
std::vector<size_t> Spread(const std::vector<size_t>& list) {
  if (list.size() <= kMaxLines) return list;
  std::vector<size_t> chosen;
  for (size_t k = 0; k < kMaxLines; ++k) {
    chosen.push_back(list[k * list.size() / kMaxLines]);
  }
  return chosen;
}

}  // namespace

std::string DrawPair(const std::string& path1, const std::string& path2,
                     const Features& first, const Features& second,
                     const std::vector<Match>& matches,
                     const std::vector<bool>& correct) {
  const cv::Mat photograph1 = Read(path1, first);
  const cv::Mat photograph2 = Read(path2, second);
  const double aspects =
      static_cast<double>(photograph1.cols) / photograph1.rows +
      static_cast<double>(photograph2.cols) / photograph2.rows;
  const int height = std::clamp(
      static_cast<int>((kWidth - kGap) / aspects), 1,
      std::min(kHighest, std::max(photograph1.rows, photograph2.rows)));
  const int width = std::min(kWidth, cvRound(aspects * height) + kGap);
  cv::Mat canvas(height, width, CV_8UC3, kBackground);
  const Panel left = Place(photograph1, height, 0, canvas);
  const int width1 = cvRound(photograph1.cols * left.factor);
  const Panel right =
      Place(photograph2, height, std::min(width - 1, width1 + kGap), canvas);

  for (const bool wanted : {false, true}) {
    const cv::Scalar& colour = wanted ? kGreen : kRed;
    std::vector<size_t> list;
    for (size_t k = 0; k < matches.size(); ++k) {
      if (correct[k] == wanted) list.push_back(k);
    }
    const auto at = [&](size_t k) {
      return std::pair(left.At(first.set.keypoints[matches[k].i]),
                       right.At(second.set.keypoints[matches[k].j]));
    };
    for (const size_t k : Spread(list)) {
      const auto [a, b] = at(k);
      cv::line(canvas, a, b, colour, 1, cv::LINE_AA, kShift);
    }
    for (const size_t k : list) {
      const auto [a, b] = at(k);
      cv::circle(canvas, a, 2 << kShift, colour, cv::FILLED, cv::LINE_AA,
                 kShift);
      cv::circle(canvas, b, 2 << kShift, colour, cv::FILLED, cv::LINE_AA,
                 kShift);
    }
  }
  std::vector<uint8_t> png;
  cv::imencode(".png", canvas, png);
  return std::string(png.begin(), png.end());
}

}  // namespace tiepoint
