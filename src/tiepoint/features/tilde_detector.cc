// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/tilde_detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <tuple>
#include <utility>

#include "tiepoint/base/all_processors.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/symmetric_sums.h"
#include "tiepoint/base/workspace_pool.h"
#include "tiepoint/features/grad_luv.h"
#include "tiepoint/features/mark_peaks.h"
#include "tiepoint/features/score_maps.h"
#include "tiepoint/image/filter.h"

namespace tiepoint {
namespace {

constexpr float kScale = 10;  // of every keypoint
constexpr int kBlurRadius = 10;
constexpr double kBlurSigma = 2;
constexpr int kBlurredRows = 32;  // of a strip
// Pixels of the result whose channels are made together: for more of them fewer
// are made twice, and they leave the second-level cache.
constexpr int kPartColumns = 8 * SeparableBank::kColumns;
constexpr int kPartRows = SeparableBank::kRows;
constexpr int kTile = FilterBank::kTile;
constexpr int kStride = FilterBank::kStride;

// About the middle of each channel, and of gray. Subtracted from them: the sum
// is the same when the bias takes it back, and the arithmetic of floats loses
// less to numbers around 0.
constexpr float kMiddle[kGradLuvChannels] = {128, 128, 0, 128, 96.5f, 139.5f};
constexpr float kMiddleGray = 128;

cv::Mat View(const GrayImage& image) {
  return cv::Mat(image.height, image.width, CV_32F,
                 const_cast<float*>(image.pixels.data()));
}

// Blue, green and red, or gray alone.
std::vector<GrayImage> Planes(const ImagePyramid& pyramid) {
  if (pyramid.bgr().empty()) return {pyramid.Octave(0)};
  std::vector<GrayImage> planes(3,
                                GrayImage(pyramid.width(), pyramid.height()));
  const std::vector<uint8_t>& bgr = pyramid.bgr();
  for (int c = 0; c < 3; ++c) {
    std::vector<float>& pixels = planes[c].pixels;
    for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = bgr[3 * i + c];
  }
  return planes;
}

GrayImage Resized(const GrayImage& image, double ratio) {
  const auto size = [&](int n) {
    return std::max(1, static_cast<int>(std::lround(n * ratio)));
  };
  GrayImage result(size(image.width), size(image.height));
  cv::Mat target = View(result);
  cv::resize(View(image), target, target.size(), 0, 0, cv::INTER_LINEAR);
  return result;
}

bool ExceedsNeighbours(const GrayImage& map, int x, int y) {
  const float value = map.At(x, y);
  for (int v = y - 1; v <= y + 1; ++v) {
    for (int u = x - 1; u <= x + 1; ++u) {
      if ((u != x || v != y) && !(value > map.At(u, v))) return false;
    }
  }
  return true;
}

// Half of the blur's kernel and its middle.
std::array<float, kBlurRadius + 1> BlurKernel() {
  std::array<double, kBlurRadius + 1> weights;
  double sum = 0;
  for (int k = 0; k <= kBlurRadius; ++k) {
    weights[k] = std::exp(-0.5 * k * k / (kBlurSigma * kBlurSigma));
    sum += (k == 0 ? 1 : 2) * weights[k];
  }
  std::array<float, kBlurRadius + 1> kernel;
  for (int k = 0; k <= kBlurRadius; ++k) {
    kernel[k] = static_cast<float>(weights[k] / sum);
  }
  return kernel;
}

TIEPOINT_ALL_PROCESSORS void BlurLine(const float* __restrict kernel,
                                      const float* __restrict in,
                                      ptrdiff_t step, int count,
                                      float* __restrict out) {
  SymmetricSums<kBlurRadius>(kernel, in, step, count, out);
}

// Rows of the blurred scores, from those of RawScores.
class BlurredRows {
 public:
  explicit BlurredRows(const GrayImage& scores)
      : scores_(scores),
        kernel_(BlurKernel()),
        line_(scores.width + 2 * kBlurRadius) {}

  void Write(int y, float* out) {
    const int width = scores_.width;
    float* middle = line_.data() + kBlurRadius;
    BlurLine(kernel_.data(), scores_.Row(y), width, width, middle);
    for (int k = 0; k < kBlurRadius; ++k) {
      middle[-1 - k] = middle[ReflectIndex(-1 - k, width)];
      middle[width + k] = middle[ReflectIndex(width + k, width)];
    }
    BlurLine(kernel_.data(), line_.data(), 1, width, out);
  }

 private:
  const GrayImage& scores_;
  std::array<float, kBlurRadius + 1> kernel_;
  std::vector<float> line_;
};

}  // namespace

// What channels are made of.
struct TildeDetector::Source {
  Source(const ImagePyramid& pyramid, bool colour, double ratio) {
    if (ratio != 1) {
      resized = colour ? Planes(pyramid) : std::vector{pyramid.Octave(0)};
      for (GrayImage& plane : resized) plane = Resized(plane, ratio);
      pixels = ColourSource(resized);
    } else if (colour && !pyramid.bgr().empty()) {
      pixels =
          ColourSource(pyramid.bgr().data(), pyramid.width(), pyramid.height());
    } else {
      pixels.width = pyramid.width();
      pixels.height = pyramid.height();
      pixels.planes = {pyramid.Octave(0).pixels.data()};
    }
  }

  std::vector<GrayImage> resized;
  ColourSource pixels;
};

struct TildeDetector::Workspace {
  // Windows of the channels: rows `stride` apart.
  std::vector<float> channels;
  ptrdiff_t stride = 0, channel_stride = 0;
  SeparableBank::Workspace lines;
  FilterBank::Workspace bank;
};

void TildeDetector::Prepare(const TildeFilters& filters) {
  resize_ratio_ = filters.resize_ratio;
  channels_ = filters.channels;
  double largest = 0;
  for (const double w : filters.filters) {
    largest = std::max(largest, std::abs(w));
  }
  if (largest > 0) unit_ = largest;
  const auto area = static_cast<ptrdiff_t>(filters.size) * filters.size;
  auto weights = filters.filters.begin();
  for (const double bias : filters.bias) {
    double b = bias / unit_;
    for (int c = 0; c < channels_; ++c, weights += area) {
      b += std::accumulate(weights, weights + area, 0.0) / unit_ *
           (NeedsColour() ? kMiddle[c] : kMiddleGray);
    }
    bias_.push_back(static_cast<float>(b));
  }
}

TildeDetector::TildeDetector(const TildeFilters& filters) {
  if (const std::string why = filters.Validate(); !why.empty()) {
    throw InputError("TILDE filters: " + why);
  }
  Prepare(filters);
  radius_ = filters.size / 2;
  std::vector<float> scaled;
  scaled.reserve(filters.filters.size());
  for (const double w : filters.filters) {
    scaled.push_back(static_cast<float>(w / unit_));
  }
  bank_.emplace(scaled, filters.sums * filters.maxes, filters.size,
                filters.channels);
  hinges_ = {.sums = filters.sums,
             .maxes = filters.maxes,
             .first_sign = -1,
             .bias = bias_};
}

TildeDetector::TildeDetector(const SeparableTilde& filters) {
  if (const std::string why = filters.Validate(); !why.empty()) {
    throw InputError("separable TILDE filters: " + why);
  }
  Prepare(DenseTilde(filters));
  SeparableBank::Weights weights{filters.sums, filters.maxes, filters.channels,
                                 filters.size, filters.rank,  {},
                                 {},           bias_};
  // Lines of length 1, whatever the file holds: coefficients keep the rest.
  const int products = filters.channels * filters.rank;
  std::vector<double> length(products, 1);
  for (int i = 0; i < 2 * products; ++i) {
    const auto line = filters.lines.begin() + i * filters.size;
    const double norm =
        std::sqrt(std::inner_product(line, line + filters.size, line, 0.0));
    length[i / 2] *= norm;
    for (int t = 0; t < filters.size; ++t) {
      weights.lines.push_back(
          static_cast<float>(norm > 0 ? line[t] / norm : 0));
    }
  }
  for (size_t i = 0; i < filters.coefficients.size(); ++i) {
    weights.coefficients.push_back(static_cast<float>(
        filters.coefficients[i] / unit_ * length[i % products]));
  }
  lines_.emplace(weights);
  radius_ = lines_->Radius();
}

bool TildeDetector::NeedsColour() const {
  return channels_ == kGradLuvChannels;
}

// The window whose first pixel is (x0, y0), less the middle of each channel;
// beyond its borders the picture goes on reflected. It lies no farther than
// `radius_` beyond them.
void TildeDetector::LoadChannels(const Source& source, int x0, int y0,
                                 int width, int height, Workspace& work) const {
  const ColourSource& pixels = source.pixels;
  const PicturePart part{
      std::max(x0, 0), std::max(y0, 0),
      std::min(x0 + width, pixels.width) - std::max(x0, 0),
      std::min(y0 + height, pixels.height) - std::max(y0, 0)};
  const auto row = [&](int c, int y) {
    return work.channels.data() + c * work.channel_stride + y * work.stride;
  };
  const int left = part.x - x0, top = part.y - y0;
  if (NeedsColour()) {
    GradLuvOfPart(pixels, part, kMiddle, row(0, top) + left, work.stride,
                  work.channel_stride);
  } else {
    for (int y = 0; y < part.height; ++y) {
      const float* from = pixels.planes[0] +
                          static_cast<ptrdiff_t>(part.y + y) * pixels.width +
                          part.x;
      std::transform(from, from + part.width, row(0, top + y) + left,
                     [](float v) { return v - kMiddleGray; });
    }
  }
  for (int c = 0; c < channels_; ++c) {
    for (int y = top; y < top + part.height; ++y) {
      float* to = row(c, y);
      const auto mirror = [&](int x) {
        to[x] = to[MirrorIndex(x0 + x, pixels.width) - x0];
      };
      for (int x = 0; x < left; ++x) mirror(x);
      for (int x = left + part.width; x < width; ++x) mirror(x);
    }
    for (int y = 0; y < height; ++y) {
      const int from = MirrorIndex(y0 + y, pixels.height) - y0;
      if (from != y) std::copy_n(row(c, from), width, row(c, y));
    }
  }
}

GrayImage TildeDetector::RawScores(const ImagePyramid& pyramid) const {
  const Source source(pyramid, NeedsColour(), resize_ratio_);
  const int width = source.pixels.width, height = source.pixels.height;
  GrayImage scores(width, height + 2 * kBlurRadius);
  const int part_columns = bank_ ? bank_->ResultSide() : kPartColumns;
  const int part_rows = bank_ ? bank_->ResultSide() : kPartRows;
  const int columns = (width + part_columns - 1) / part_columns;
  const int rows = (height + part_rows - 1) / part_rows;
  WorkspacePool<Workspace> workspaces([&] {
    auto work = std::make_unique<Workspace>();
    work->stride = bank_ ? kStride : part_columns + 2 * radius_;
    work->channel_stride = (part_rows + 2 * radius_) * work->stride;
    work->channels.resize(channels_ * work->channel_stride);
    return work;
  });
  ParallelFor(columns * rows, [&](int part) {
    const int x0 = part % columns * part_columns;
    const int y0 = part / columns * part_rows;
    const int across = std::min(part_columns, width - x0);
    const int down = std::min(part_rows, height - y0);
    auto work = workspaces.Take();
    if (bank_) {
      // What a smaller window leaves in the tile would change how numbers
      // round.
      std::fill(work->channels.begin(), work->channels.end(), 0.0f);
    }
    LoadChannels(source, x0 - radius_, y0 - radius_, across + 2 * radius_,
                 down + 2 * radius_, *work);
    float* out = scores.Row(kBlurRadius + y0) + x0;
    if (bank_) {
      RunBank(*work, [&](const float* map) {
        for (int y = 0; y < down; ++y) {
          std::copy_n(map + y * kStride, across, out + y * width);
        }
      });
    } else {
      for (int x = 0; x < across; x += SeparableBank::kColumns) {
        lines_->Run(work->lines, work->channels.data() + x, work->stride,
                    work->channel_stride,
                    std::min(SeparableBank::kColumns, across - x), down,
                    out + x, width);
      }
    }
    workspaces.Return(std::move(work));
  });
  for (int k = 0; k < kBlurRadius; ++k) {
    for (const int y : {-1 - k, height + k}) {
      std::copy_n(scores.Row(kBlurRadius + ReflectIndex(y, height)), width,
                  scores.Row(kBlurRadius + y));
    }
  }
  return scores;
}

// Hinges of the window in `work.channels`: a map, rows kStride apart.
void TildeDetector::RunBank(
    Workspace& work, const std::function<void(const float*)>& visit) const {
  for (int c = 0; c < channels_; ++c) {
    std::copy_n(work.channels.data() + c * work.channel_stride, kTile * kStride,
                work.bank.input.re.data());
    bank_->SetChannel(work.bank, c);
  }
  bank_->RunHinges(work.bank, hinges_,
                   [&](int, const float* map) { visit(map); });
}

GrayImage TildeDetector::ScoreMap(const ImagePyramid& pyramid) const {
  const GrayImage scores = RawScores(pyramid);
  GrayImage blurred(scores.width, scores.height - 2 * kBlurRadius);
  const int strips = (blurred.height + kBlurredRows - 1) / kBlurredRows;
  ParallelFor(strips, [&](int strip) {
    BlurredRows rows(scores);
    const int first = strip * kBlurredRows;
    const int end = std::min(first + kBlurredRows, blurred.height);
    for (int y = first; y < end; ++y) rows.Write(y, blurred.Row(y));
  });
  return blurred;
}

std::vector<Keypoint> TildeDetector::Detect(const ImagePyramid& pyramid,
                                            int max_keypoints) const {
  const GrayImage map = ScoreMap(pyramid);
  if (map.width < 3 || map.height < 3) return {};
  const int strips = (map.height - 2 + kBlurredRows - 1) / kBlurredRows;
  std::vector<std::vector<Keypoint>> found(strips);
  ParallelFor(strips, [&](int strip) {
    std::vector<int> may_be(map.width);
    const int first = 1 + strip * kBlurredRows;
    const int end = std::min(first + kBlurredRows, map.height - 1);
    for (int y = first; y < end; ++y) {
      MarkPeaks(map.Row(y - 1) + 1, map.Row(y) + 1, map.Row(y + 1) + 1,
                map.width - 2, may_be.data() + 1);
      for (int x = 1; x + 1 < map.width; ++x) {
        if (may_be[x] == 0 || !ExceedsNeighbours(map, x, y)) continue;
        Keypoint keypoint;
        keypoint.x = static_cast<float>(x / resize_ratio_);
        keypoint.y = static_cast<float>(y / resize_ratio_);
        keypoint.scale = kScale;
        keypoint.score = static_cast<float>(map.At(x, y) * unit_);
        found[strip].push_back(keypoint);
      }
    }
  });
  std::vector<Keypoint> keypoints;
  for (const auto& strip : found) {
    keypoints.insert(keypoints.end(), strip.begin(), strip.end());
  }
  SortByScore(keypoints);
  KeepStrongest(keypoints, max_keypoints);
  return keypoints;
}

}  // namespace tiepoint
