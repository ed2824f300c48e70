// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/tilde_detector.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <tuple>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/workspace_pool.h"
#include "tiepoint/features/grad_luv.h"
#include "tiepoint/features/score_maps.h"

namespace tiepoint {
namespace {

constexpr float kScale = 10;  // of every keypoint
constexpr int kBlurSize = 21;
constexpr double kBlurSigma = 2;
constexpr int kTile = FilterBank::kTile;
constexpr int kStride = FilterBank::kStride;

cv::Mat View(const GrayImage& image) {
  return cv::Mat(image.height, image.width, CV_32F,
                 const_cast<float*>(image.pixels.data()));
}

// Subtracted from a channel: the sum is the same when the bias takes it back,
// and the arithmetic of floats loses less to numbers around 0.
double Mean(const GrayImage& channel) {
  double sum = 0;
  for (const float v : channel.pixels) sum += v;
  return sum / static_cast<double>(channel.pixels.size());
}

// Index after reflection at borders that repeat the edge (dcba|abcd|dcba).
int MirrorIndex(int i, int n) {
  i %= 2 * n;
  if (i < 0) i += 2 * n;
  return i < n ? i : 2 * n - 1 - i;
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

// The tile whose first pixel is (x0, y0) of the channel, less `mean`.
void LoadTile(const GrayImage& channel, int x0, int y0, float mean,
              std::vector<float>& tile) {
  int columns[kTile];
  for (int x = 0; x < kTile; ++x) {
    columns[x] = MirrorIndex(x0 + x, channel.width);
  }
  for (int y = 0; y < kTile; ++y) {
    const float* row = channel.Row(MirrorIndex(y0 + y, channel.height));
    float* out = tile.data() + y * kStride;
    for (int x = 0; x < kTile; ++x) out[x] = row[columns[x]] - mean;
  }
}

struct Workspace {
  FilterBank::Workspace bank;
  // Of the filters so far: the maximum of a group, the signed sum.
  std::vector<float> largest = std::vector<float>(kTile * kStride);
  std::vector<float> sum = std::vector<float>(kTile * kStride);
};

// Takes the response of filter (n, m) in.
void Hinge(int n, int m, int maxes, float bias, const float* response,
           int count, Workspace& work) {
  float* largest = work.largest.data();
  float* sum = work.sum.data();
  for (int i = 0; i < count; ++i) {
    const float v = response[i] + bias;
    largest[i] = m == 0 || v > largest[i] ? v : largest[i];
  }
  if (m + 1 < maxes) return;
  const float sign = n % 2 == 0 ? -1.0f : 1.0f;
  const float before = n == 0 ? 0.0f : 1.0f;
  for (int i = 0; i < count; ++i) sum[i] = before * sum[i] + sign * largest[i];
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

}  // namespace

std::string TildeFilters::Validate() const {
  if (!(resize_ratio > 0 && resize_ratio <= 16)) {
    return "the resize ratio must be above 0 and at most 16";
  }
  if (sums < 1 || sums > 64 || maxes < 1 || maxes > 64) {
    return "there must be 1 to 64 groups of 1 to 64 filters";
  }
  if (channels != 1 && channels != kGradLuvChannels) {
    return "there must be 1 or 6 channels";
  }
  if (size < 1 || size % 2 == 0 || size > FilterBank::kMaxKernel) {
    return "the size of filters must be odd and at most " +
           std::to_string(FilterBank::kMaxKernel);
  }
  const size_t count = static_cast<size_t>(sums) * maxes;
  if (bias.size() != count ||
      filters.size() != count * channels * size * size) {
    return "the number of weights is wrong";
  }
  const auto finite = [](double v) { return std::isfinite(v); };
  if (!std::all_of(filters.begin(), filters.end(), finite) ||
      !std::all_of(bias.begin(), bias.end(), finite)) {
    return "a weight is not finite";
  }
  return "";
}

TildeFilters TildeFiltersOf(const Model& model) {
  const std::vector<LayerSpec>& layers = model.spec.layers;
  if (layers.size() != 2 || layers[0].type != LayerSpec::Type::kConv ||
      layers[1].type != LayerSpec::Type::kGhh || layers[1].sums % 2 != 0 ||
      layers[0].out != layers[1].sums * layers[1].maxes) {
    throw InputError("'" + model.spec.architecture +
                     "' is not a model of TILDE: a filter bank and hinges");
  }
  TildeFilters tilde;
  tilde.sums = layers[1].sums;
  tilde.maxes = layers[1].maxes;
  tilde.channels = model.spec.input.channels;
  tilde.size = layers[0].kernel;
  const std::vector<float>& weight =
      model.weights.at(layers[0].name + ".weight").data;
  const std::vector<float>& bias =
      model.weights.at(layers[0].name + ".bias").data;
  const size_t group = weight.size() / tilde.sums;
  for (int n = 0; n < tilde.sums; ++n) {
    const int from = n ^ 1;  // + and - swapped
    const auto w = weight.begin() + static_cast<int64_t>(from * group);
    tilde.filters.insert(tilde.filters.end(), w,
                         w + static_cast<int64_t>(group));
    const auto b = bias.begin() + from * tilde.maxes;
    tilde.bias.insert(tilde.bias.end(), b, b + tilde.maxes);
  }
  return tilde;
}

TildeDetector::TildeDetector(TildeFilters filters)
    : filters_(std::move(filters)) {
  if (const std::string why = filters_.Validate(); !why.empty()) {
    throw InputError("TILDE filters: " + why);
  }
  double largest = 0;
  for (const double w : filters_.filters) {
    largest = std::max(largest, std::abs(w));
  }
  if (largest > 0) unit_ = largest;
  std::vector<float> scaled;
  scaled.reserve(filters_.filters.size());
  for (const double w : filters_.filters) {
    scaled.push_back(static_cast<float>(w / unit_));
  }
  const int count = filters_.sums * filters_.maxes;
  const int area = filters_.size * filters_.size;
  for (size_t i = 0; i < scaled.size(); i += area) {
    sums_.push_back(
        std::accumulate(scaled.begin() + i, scaled.begin() + i + area, 0.0));
  }
  bank_.emplace(scaled, count, filters_.size, filters_.channels);
}

bool TildeDetector::NeedsColour() const {
  return filters_.channels == kGradLuvChannels;
}

std::vector<GrayImage> TildeDetector::Channels(
    const ImagePyramid& pyramid) const {
  std::vector<GrayImage> planes;
  if (NeedsColour()) {
    planes = Planes(pyramid);
  } else {
    planes = {pyramid.Octave(0)};
  }
  if (filters_.resize_ratio != 1) {
    for (GrayImage& plane : planes) {
      plane = Resized(plane, filters_.resize_ratio);
    }
  }
  return NeedsColour() ? GradLuv(planes) : planes;
}

GrayImage TildeDetector::ScoreMap(const ImagePyramid& pyramid) const {
  const std::vector<GrayImage> channels = Channels(pyramid);
  const int width = channels[0].width, height = channels[0].height;
  const int side = bank_->ResultSide(), radius = filters_.size / 2;
  const int columns = (width + side - 1) / side;
  const int rows = (height + side - 1) / side;
  std::vector<float> means;
  for (const GrayImage& channel : channels) {
    means.push_back(static_cast<float>(Mean(channel)));
  }
  std::vector<float> bias;
  for (size_t f = 0; f < filters_.bias.size(); ++f) {
    double b = filters_.bias[f] / unit_;
    for (size_t c = 0; c < means.size(); ++c) {
      b += sums_[f * means.size() + c] * means[c];
    }
    bias.push_back(static_cast<float>(b));
  }
  GrayImage scores(width, height);
  WorkspacePool<Workspace> workspaces(
      [] { return std::make_unique<Workspace>(); });
  ParallelFor(columns * rows, [&](int tile) {
    const int x0 = tile % columns * side, y0 = tile / columns * side;
    auto work = workspaces.Take();
    for (int c = 0; c < filters_.channels; ++c) {
      LoadTile(channels[c], x0 - radius, y0 - radius, means[c],
               work->bank.input.re);
      bank_->SetChannel(work->bank, c);
    }
    bank_->Run(work->bank, [&](int f, const float* response) {
      Hinge(f / filters_.maxes, f % filters_.maxes, filters_.maxes, bias[f],
            response, side * kStride, *work);
    });
    for (int y = y0; y < std::min(y0 + side, height); ++y) {
      std::copy_n(work->sum.data() + (y - y0) * kStride,
                  std::min(side, width - x0), scores.Row(y) + x0);
    }
    workspaces.Return(std::move(work));
  });
  GrayImage blurred(width, height);
  cv::Mat target = View(blurred);
  cv::GaussianBlur(View(scores), target, cv::Size(kBlurSize, kBlurSize),
                   kBlurSigma);
  return blurred;
}

std::vector<Keypoint> TildeDetector::Detect(const ImagePyramid& pyramid,
                                            int max_keypoints) const {
  const GrayImage map = ScoreMap(pyramid);
  std::vector<Keypoint> keypoints;
  for (int y = 1; y + 1 < map.height; ++y) {
    for (int x = 1; x + 1 < map.width; ++x) {
      if (!ExceedsNeighbours(map, x, y)) continue;
      Keypoint keypoint;
      keypoint.x = static_cast<float>(x / filters_.resize_ratio);
      keypoint.y = static_cast<float>(y / filters_.resize_ratio);
      keypoint.scale = kScale;
      keypoint.score = static_cast<float>(map.At(x, y) * unit_);
      keypoints.push_back(keypoint);
    }
  }
  std::sort(keypoints.begin(), keypoints.end(),
            [](const Keypoint& a, const Keypoint& b) {
              return std::tie(b.score, a.y, a.x) < std::tie(a.score, b.y, b.x);
            });
  KeepStrongest(keypoints, max_keypoints);
  return keypoints;
}

}  // namespace tiepoint
