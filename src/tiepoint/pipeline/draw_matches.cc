// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/draw_matches.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <set>
#include <utility>

namespace tiepoint {
namespace {

constexpr int kGap = 6;
constexpr int kCaptionHeight = 44;
// Picture pixels: at most one line starts in a square of this side.
constexpr double kLineCell = 20;
constexpr int kMinWidth = 720;  // room for the caption
// Everything is drawn in units of 1 / 16 pixel.
constexpr int kShift = 4;

// The photographs step back a little behind what is drawn on them.
constexpr double kDim = 0.85;

const cv::Scalar kBackground(32, 28, 26);
const cv::Scalar kCaption(235, 232, 230);
const cv::Scalar kRed(70, 70, 235);
const cv::Scalar kKeypoint(60, 200, 255);

// One photograph's place in the picture.
struct Panel {
  cv::Mat pixels;
  double factor = 1;  // picture pixels a stored pixel
  int left = 0, top = 0;

  cv::Point At(double x, double y) const {
    const double one = 1 << kShift;
    return {cvRound((left + (x + 0.5) * factor - 0.5) * one),
            cvRound((top + (y + 0.5) * factor - 0.5) * one)};
  }
};

double DisplayFactor(const Image& image, double height) {
  return height / image.height;
}

Panel MakePanel(const Image& image, double height) {
  const cv::Mat stored(image.gray.height, image.gray.width, CV_8UC3,
                       const_cast<uint8_t*>(image.bgr.data()));
  Panel panel;
  panel.factor = DisplayFactor(image, height);
  const cv::Size size(std::max(1, cvRound(image.width * panel.factor)),
                      std::max(1, cvRound(height)));
  const bool smaller = size.width < stored.cols;
  cv::resize(stored, panel.pixels, size, 0, 0,
             smaller ? cv::INTER_AREA : cv::INTER_CUBIC);
  panel.pixels *= kDim;
  return panel;
}

// The height at which both photographs fit side by side.
double CommonHeight(const MatchReport& report, const DrawOptions& options) {
  const double aspects =
      static_cast<double>(report.image1.width) / report.image1.height +
      static_cast<double>(report.image2.width) / report.image2.height;
  const double limit = (options.max_width - 3 * kGap) / aspects;
  return std::max(1.0, std::min<double>(options.height, limit));
}

// Greens from the top of the first photograph to its bottom, so that
// neighbouring lines can be told apart.
cv::Scalar Green(double y, int height) {
  const double t = std::clamp(y / std::max(1, height), 0.0, 1.0);
  return {70 + 90 * t, 245 - 20 * t, 185 - 165 * t};
}

// Red, yellow, green.
cv::Scalar WeightColour(double weight) {
  const double w = std::clamp(weight, 0.0, 1.0);
  return {70, 245 * std::min(1.0, 2 * w) + 40 * (1 - std::min(1.0, 2 * w)),
          235 * std::min(1.0, 2 - 2 * w)};
}

void DrawLine(cv::Mat& canvas, const Panel& first, const Panel& second,
              const PointPair& pair, const cv::Scalar& colour) {
  cv::line(canvas, first.At(pair.x1, pair.y1), second.At(pair.x2, pair.y2),
           colour, 1, cv::LINE_AA, kShift);
}

// A dot with a dark rim, visible on any ground.
void DrawDot(cv::Mat& canvas, const cv::Point& at, const cv::Scalar& colour) {
  const int one = 1 << kShift;
  cv::circle(canvas, at, cvRound(2.9 * one), cv::Scalar(20, 40, 10), cv::FILLED,
             cv::LINE_AA, kShift);
  cv::circle(canvas, at, cvRound(2.0 * one), colour, cv::FILLED, cv::LINE_AA,
             kShift);
}

void DrawKeypoints(cv::Mat& canvas, const Panel& panel,
                   const std::vector<Keypoint>& keypoints) {
  for (const Keypoint& k : keypoints) {
    const double radius = 2.0 * k.scale;
    const cv::Point centre = panel.At(k.x, k.y);
    const int drawn = cvRound(radius * panel.factor * (1 << kShift));
    cv::circle(canvas, centre, drawn, kKeypoint, 1, cv::LINE_AA, kShift);
    cv::line(canvas, centre,
             panel.At(k.x + radius * std::cos(k.angle),
                      k.y + radius * std::sin(k.angle)),
             kKeypoint, 1, cv::LINE_AA, kShift);
  }
}

// The inliers to join by lines: by falling similarity (ties: the earlier
// match), one in each cell of the first photograph, so that no part of the
// picture turns into a green surface.
std::vector<int> ChooseLines(const MatchReport& report, const Panel& first,
                             const std::vector<PointPair>& pairs, int count) {
  std::vector<int> inliers = report.geometry.inliers;
  std::stable_sort(inliers.begin(), inliers.end(), [&](int a, int b) {
    return report.matches[a].similarity > report.matches[b].similarity;
  });
  std::vector<int> chosen;
  std::set<std::pair<int, int>> taken;
  const double cell = kLineCell / first.factor;
  for (const int k : inliers) {
    if (static_cast<int>(chosen.size()) == count) break;
    const int column = static_cast<int>(std::floor(pairs[k].x1 / cell));
    const int row = static_cast<int>(std::floor(pairs[k].y1 / cell));
    if (taken.insert({column, row}).second) chosen.push_back(k);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

// OpenCV's pen is coarse: drawn at four times the size, it is good to read.
void DrawText(cv::Mat& canvas, const std::string& text, int left, int top) {
  constexpr int kZoom = 4;
  const cv::Rect strip =
      cv::Rect(left, top, canvas.cols - left - kGap, kCaptionHeight) &
      cv::Rect(0, 0, canvas.cols, canvas.rows);
  double size = 0.62 * kZoom;
  const int thickness = kZoom;
  int baseline = 0;
  const cv::Size extent = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, size,
                                          thickness, &baseline);
  size *= std::min(1.0, strip.width * kZoom / (extent.width + 1.0));
  cv::Mat large(strip.height * kZoom, strip.width * kZoom, CV_8UC3,
                kBackground);
  cv::putText(large, text, {0, large.rows / 2 + extent.height / 2},
              cv::FONT_HERSHEY_SIMPLEX, size, kCaption, thickness, cv::LINE_AA);
  cv::Mat target = canvas(strip);
  cv::resize(large, target, strip.size(), 0, 0, cv::INTER_AREA);
}

std::string Caption(const MatchReport& report, int lines,
                    const DrawOptions& options) {
  char text[200];
  if (options.weights) {
    std::snprintf(text, sizeof(text),
                  "%zu + %zu keypoints      %zu matches by weight, %d above 0",
                  report.features1.keypoints.size(),
                  report.features2.keypoints.size(), report.matches.size(),
                  report.NumKept());
    return text;
  }
  const int inliers = static_cast<int>(report.geometry.inliers.size());
  std::snprintf(
      text, sizeof(text),
      "%zu + %zu keypoints      %zu matches      %d inliers (%s%s)",
      report.features1.keypoints.size(), report.features2.keypoints.size(),
      report.matches.size(), inliers, Name(report.geometry.model),
      lines < inliers ? (", " + std::to_string(lines) + " drawn").c_str() : "");
  return text;
}

}  // namespace

std::string DrawMatches(const MatchReport& report, const DrawOptions& options) {
  const double height = CommonHeight(report, options);
  Panel first = MakePanel(report.image1, height);
  Panel second = MakePanel(report.image2, height);
  const int pictures = first.pixels.cols + kGap + second.pixels.cols;
  const int width = std::max(pictures + 2 * kGap, kMinWidth);
  cv::Mat canvas(first.pixels.rows + kGap + kCaptionHeight, width, CV_8UC3,
                 kBackground);
  first.left = (width - pictures) / 2;
  second.left = first.left + first.pixels.cols + kGap;
  for (Panel* panel : {&first, &second}) {
    panel->top = kGap;
    panel->pixels.copyTo(
        canvas(cv::Rect({panel->left, panel->top}, panel->pixels.size())));
  }

  if (options.keypoints) {
    DrawKeypoints(canvas, first, report.features1.keypoints);
    DrawKeypoints(canvas, second, report.features2.keypoints);
  }
  const std::vector<PointPair> pairs = MatchedPoints(report);
  const int num_pairs = static_cast<int>(pairs.size());
  const auto blend = [&](double opacity, const auto& draw) {
    cv::Mat overlay = canvas.clone();
    draw(overlay);
    cv::addWeighted(overlay, opacity, canvas, 1 - opacity, 0, canvas);
  };
  if (options.outliers) {
    std::vector<bool> is_inlier(pairs.size());
    for (const int k : report.geometry.inliers) is_inlier[k] = true;
    blend(0.35, [&](cv::Mat& overlay) {
      for (int k = 0; k < num_pairs; ++k) {
        if (!is_inlier[k]) DrawLine(overlay, first, second, pairs[k], kRed);
      }
    });
  }
  if (options.weights) {
    // The right ones last, on top.
    std::vector<int> order(pairs.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return report.weights[a] < report.weights[b];
    });
    for (const int k : order) {
      const cv::Scalar of_weight = WeightColour(report.weights[k]);
      DrawDot(canvas, first.At(pairs[k].x1, pairs[k].y1), of_weight);
      DrawDot(canvas, second.At(pairs[k].x2, pairs[k].y2), of_weight);
    }
  }
  const auto colour = [&](int k) {
    return Green(pairs[k].y1, report.image1.height);
  };
  const std::vector<int> lines =
      options.weights ? std::vector<int>()
                      : ChooseLines(report, first, pairs, options.max_lines);
  blend(0.6, [&](cv::Mat& overlay) {
    for (const int k : lines) {
      DrawLine(overlay, first, second, pairs[k], colour(k));
    }
  });
  for (const int k : report.geometry.inliers) {
    if (options.weights) break;
    DrawDot(canvas, first.At(pairs[k].x1, pairs[k].y1), colour(k));
    DrawDot(canvas, second.At(pairs[k].x2, pairs[k].y2), colour(k));
  }
  DrawText(canvas, Caption(report, static_cast<int>(lines.size()), options),
           first.left + kGap, first.top + first.pixels.rows);

  std::vector<uint8_t> png;
  cv::imencode(".png", canvas, png);
  return {png.begin(), png.end()};
}

}  // namespace tiepoint
