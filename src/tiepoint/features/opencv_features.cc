// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/opencv_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>
#include <tuple>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
// OpenCV's detectors fail on pictures smaller than their own filters.
constexpr int kSmallestSide = 16;

// SIFT as OpenCV sets it up.
constexpr int kSiftLayers = 3;
constexpr double kSiftSigma = 1.6;
constexpr double kSiftContrast = 0.01;
constexpr double kSiftEdge = 10;
// OpenCV 4.6 writes outside its memory for windows below a pixel.
constexpr float kSmallestSiftSize = 0.5f;
// ORB: diameter of a keypoint on level 0, growth of a level.
constexpr double kOrbPatch = 31;
constexpr double kOrbFactor = 1.2;
// AKAZE: threshold that finds 2048 keypoints on nearly every photograph
// (OpenCV: 0.001), diameter on level 0 (2 * 1.6 * 1.5), levels in an octave.
constexpr float kAkazeThreshold = 1e-4f;
constexpr double kAkazeSize = 4.8;
constexpr int kAkazeSublevels = 4;
constexpr int kFastThreshold = 1;

bool TooSmall(const ImagePyramid& pyramid) {
  return std::min(pyramid.width(), pyramid.height()) < kSmallestSide;
}

cv::Mat EightBit(const ImagePyramid& pyramid) {
  const GrayImage& image = pyramid.Octave(0);
  cv::Mat result;
  cv::Mat(image.height, image.width, CV_32F,
          const_cast<float*>(image.pixels.data()))
      .convertTo(result, CV_8U);
  return result;
}

// Octave and layer in which OpenCV's SIFT finds a keypoint of this scale,
// sigma = 1.6 * 2^(octave + (layer + fraction) / 3), layer 1..3, |fraction| at
// most 1/2. Octave -1 (the doubled image) is its finest; scales below and above
// its pyramid use the nearest image that it has.
struct SiftLevel {
  int octave = 0;
  int layer = 1;
  int Packed() const { return (octave & 255) | layer << 8; }
};

SiftLevel SiftLevelOfScale(double scale, const ImagePyramid& pyramid) {
  const int smallest =
      std::max(1, std::min(pyramid.width(), pyramid.height()) / 8);
  const int last = static_cast<int>(std::log2(smallest));
  const int level = static_cast<int>(std::lround(std::clamp(
      kSiftLayers * std::log2(scale / kSiftSigma), -1000.0, 1000.0)));
  const int octave = static_cast<int>(
      std::floor((level - 1) / static_cast<double>(kSiftLayers)));
  if (octave < -1) return {-1, 1};
  if (octave > last) return {last, kSiftLayers};
  return {octave, level - octave * kSiftLayers};
}

cv::KeyPoint ToOpenCv(const Keypoint& keypoint) {
  double degrees = keypoint.angle / kDegree;
  if (degrees < 0) degrees += 360;
  return cv::KeyPoint(keypoint.x, keypoint.y, 2 * keypoint.scale,
                      static_cast<float>(degrees), keypoint.score);
}

class OpenCvDetector : public Detector {
 public:
  explicit OpenCvDetector(std::string name) : name_(std::move(name)) {}

  std::vector<Keypoint> Detect(const ImagePyramid& pyramid,
                               int max_keypoints) const override {
    if (TooSmall(pyramid)) return {};
    std::vector<cv::KeyPoint> found;
    Make(max_keypoints)->detect(EightBit(pyramid), found);
    std::vector<Keypoint> keypoints;
    keypoints.reserve(found.size());
    for (const cv::KeyPoint& k : found) {
      // FAST has none, for which OpenCV writes -1.
      const float angle = name_ == "fast" ? 0.0f : WrapAngle(k.angle * kDegree);
      keypoints.push_back({k.pt.x, k.pt.y, k.size / 2, angle, k.response});
    }
    const auto key = [](const Keypoint& k) {
      return std::tuple(-k.score, k.y, k.x, k.scale, k.angle);
    };
    std::sort(keypoints.begin(), keypoints.end(),
              [&](const auto& a, const auto& b) { return key(a) < key(b); });
    if (max_keypoints > 0 &&
        keypoints.size() > static_cast<size_t>(max_keypoints)) {
      keypoints.resize(max_keypoints);
    }
    return keypoints;
  }

 private:
  cv::Ptr<cv::Feature2D> Make(int max_keypoints) const {
    if (name_ == "sift") {
      return cv::SIFT::create(0, kSiftLayers, kSiftContrast, kSiftEdge,
                              kSiftSigma);
    }
    if (name_ == "akaze") {
      return cv::AKAZE::create(cv::AKAZE::DESCRIPTOR_MLDB, 0, 3,
                               kAkazeThreshold);
    }
    if (name_ == "fast") {
      return cv::FastFeatureDetector::create(
          kFastThreshold, true, cv::FastFeatureDetector::TYPE_9_16);
    }
    constexpr int kAll = 1 << 20;
    return cv::ORB::create(max_keypoints > 0 ? max_keypoints : kAll);
  }

  std::string name_;
};

// The Gaussian images of SIFT: octave -1 is the doubled photograph with a blur
// of 1.6 of its pixels, each octave has 3 steps to twice that blur.
class SiftPyramid {
 public:
  SiftPyramid(const ImagePyramid& pyramid, int last_octave) {
    cv::Mat gray, base;
    EightBit(pyramid).convertTo(gray, CV_32F);
    cv::resize(gray, base, cv::Size(), 2, 2, cv::INTER_LINEAR);
    Blur(base,
         std::sqrt(kSiftSigma * kSiftSigma - 4 * kCameraBlur * kCameraBlur));
    for (int octave = -1; octave <= last_octave; ++octave) {
      auto& layers = octaves_.emplace_back();
      layers[0] = base;
      for (int k = 1; k <= kSiftLayers; ++k) {
        const double before = kSiftSigma * std::exp2((k - 1.0) / kSiftLayers);
        const double after =
            kSiftSigma * std::exp2(k / static_cast<double>(kSiftLayers));
        layers[k] = layers[k - 1].clone();
        Blur(layers[k], std::sqrt(after * after - before * before));
      }
      cv::Mat half;
      cv::resize(layers[kSiftLayers], half,
                 cv::Size(base.cols / 2, base.rows / 2), 0, 0,
                 cv::INTER_NEAREST);
      base = half;
    }
  }

  const cv::Mat& Image(const SiftLevel& level) const {
    return octaves_[level.octave + 1][level.layer];
  }

 private:
  static void Blur(cv::Mat& image, double sigma) {
    cv::GaussianBlur(image, image, cv::Size(), sigma, sigma);
  }

  std::vector<std::array<cv::Mat, kSiftLayers + 1>> octaves_;
};

// Histogram of gradient directions around pixel (x, y), each weighted by its
// length and a Gaussian of 1.5 `sigma`, smoothed; its highest peak, refined by
// a parabola, in radians.
float DominantDirection(const cv::Mat& image, int x, int y, double sigma) {
  constexpr int kBins = 36;
  const int radius = static_cast<int>(std::lround(3 * 1.5 * sigma));
  std::array<double, kBins> raw{};
  for (int v = std::max(1, y - radius);
       v <= std::min(image.rows - 2, y + radius); ++v) {
    for (int u = std::max(1, x - radius);
         u <= std::min(image.cols - 2, x + radius); ++u) {
      const double dx = image.at<float>(v, u + 1) - image.at<float>(v, u - 1);
      const double dy = image.at<float>(v + 1, u) - image.at<float>(v - 1, u);
      const double square = (u - x) * (u - x) + (v - y) * (v - y);
      const double weight = std::exp(-square / (2 * 2.25 * sigma * sigma));
      const int bin = static_cast<int>(
          std::lround(std::atan2(dy, dx) * kBins / (2 * std::numbers::pi)));
      raw[(bin + kBins) % kBins] += weight * std::hypot(dx, dy);
    }
  }
  const auto at = [](const std::array<double, kBins>& h, int bin) {
    return h[(bin + kBins) % kBins];
  };
  std::array<double, kBins> smooth;
  for (int b = 0; b < kBins; ++b) {
    smooth[b] = (6 * raw[b] + 4 * (at(raw, b - 1) + at(raw, b + 1)) +
                 at(raw, b - 2) + at(raw, b + 2)) /
                16;
  }
  const int peak = static_cast<int>(
      std::max_element(smooth.begin(), smooth.end()) - smooth.begin());
  const double left = at(smooth, peak - 1);
  const double right = at(smooth, peak + 1);
  const double curvature = left - 2 * smooth[peak] + right;
  const double offset = curvature < 0 ? 0.5 * (left - right) / curvature : 0;
  return WrapAngle((peak + offset) * 2 * std::numbers::pi / kBins);
}

class SiftOrientation : public OrientationEstimator {
 public:
  void Estimate(const ImagePyramid& pyramid,
                std::span<Keypoint> keypoints) const override {
    if (keypoints.empty()) return;
    int last = -1;
    for (const Keypoint& keypoint : keypoints) {
      last = std::max(last, SiftLevelOfScale(keypoint.scale, pyramid).octave);
    }
    const SiftPyramid images(pyramid, last);
    ParallelFor(static_cast<int>(keypoints.size()), [&](int i) {
      Keypoint& keypoint = keypoints[i];
      const SiftLevel level = SiftLevelOfScale(keypoint.scale, pyramid);
      const double spacing = std::exp2(level.octave);
      keypoint.angle =
          DominantDirection(images.Image(level),
                            static_cast<int>(std::lround(keypoint.x / spacing)),
                            static_cast<int>(std::lround(keypoint.y / spacing)),
                            keypoint.scale / spacing);
    });
  }
};

class SiftDescriptor : public Descriptor {
 public:
  explicit SiftDescriptor(bool root) : root_(root) {}

  DescriptorMatrix Describe(
      const ImagePyramid& pyramid,
      std::span<const Keypoint> keypoints) const override {
    constexpr int kSize = 128;
    DescriptorMatrix result{static_cast<int>(keypoints.size()), kSize, {}};
    if (keypoints.empty()) return result;
    std::vector<cv::KeyPoint> points;
    for (const Keypoint& keypoint : keypoints) {
      points.push_back(ToOpenCv(keypoint));
      points.back().size = std::max(points.back().size, kSmallestSiftSize);
      points.back().octave = SiftLevelOfScale(keypoint.scale, pyramid).Packed();
    }
    // OpenCV starts its pyramid at the finest octave that it is asked for. One
    // more point in octave -1 makes it always the same pyramid, so that a
    // descriptor does not depend on the other keypoints.
    points.emplace_back(0.0f, 0.0f, 2.0f, 0.0f, 0.0f,
                        SiftLevel{-1, 1}.Packed());
    cv::Mat rows;
    cv::SIFT::create(0, kSiftLayers, kSiftContrast, kSiftEdge, kSiftSigma)
        ->compute(EightBit(pyramid), points, rows);
    result.data.reserve(keypoints.size() * kSize);
    for (int i = 0; i < result.rows; ++i) {
      const float* row = rows.ptr<float>(i);
      float sum = 0;
      for (int k = 0; k < kSize; ++k) sum += row[k];
      for (int k = 0; k < kSize; ++k) {
        result.data.push_back(!root_     ? row[k]
                              : sum == 0 ? 0
                                         : std::sqrt(row[k] / sum));
      }
    }
    return result;
  }

 private:
  bool root_;
};

// ORB and AKAZE: the level, which their keypoints carry beside the size, is
// found again from the size.
class BitDescriptor : public Descriptor {
 public:
  explicit BitDescriptor(std::string name) : name_(std::move(name)) {}

  DescriptorMatrix Describe(
      const ImagePyramid& pyramid,
      std::span<const Keypoint> keypoints) const override {
    const bool orb = name_ == "orb";
    cv::Ptr<cv::Feature2D> features;
    if (orb) {
      features = cv::ORB::create();
    } else {
      features = cv::AKAZE::create();
    }
    DescriptorMatrix result{
        static_cast<int>(keypoints.size()), 8 * features->descriptorSize(), {}};
    if (keypoints.empty()) return result;

    std::vector<cv::KeyPoint> points;
    for (const Keypoint& keypoint : keypoints) {
      cv::KeyPoint& point = points.emplace_back(ToOpenCv(keypoint));
      const double level =
          orb ? std::log(point.size / kOrbPatch) / std::log(kOrbFactor)
              : kAkazeSublevels * std::log2(point.size / kAkazeSize);
      if (!(std::abs(level - std::round(level)) < 0.01 && level > -0.5)) {
        throw InputError(name_ + " descriptors need keypoints of the " + name_ +
                         " detector");
      }
      const int index = static_cast<int>(std::lround(level));
      point.octave = orb ? index : index / kAkazeSublevels;
      // AKAZE reads its level here; ORB reads nothing, but regroups the points.
      point.class_id = orb ? static_cast<int>(points.size()) - 1 : index;
    }
    cv::Mat rows;
    try {
      features->compute(EightBit(pyramid), points, rows);
    } catch (const cv::Exception&) {
      rows.release();
    }
    if (rows.rows != result.rows) {
      throw InputError(name_ + " descriptors need keypoints of the " + name_ +
                       " detector");
    }
    result.data.resize(static_cast<size_t>(result.rows) * result.cols);
    for (int i = 0; i < result.rows; ++i) {
      const uint8_t* bytes = rows.ptr<uint8_t>(i);
      float* row = result.Row(orb ? points[i].class_id : i);
      for (int bit = 0; bit < result.cols; ++bit) {
        row[bit] = static_cast<float>(bytes[bit / 8] >> (bit % 8) & 1);
      }
    }
    return result;
  }

 private:
  std::string name_;
};

[[noreturn]] void RefuseName(const char* what, const std::string& name,
                             const char* choices) {
  throw InputError("no OpenCV " + std::string(what) + " is called '" + name +
                   "'; there are " + choices);
}

}  // namespace

std::unique_ptr<Detector> MakeOpenCvDetector(const std::string& name) {
  if (name != "sift" && name != "orb" && name != "akaze" && name != "fast") {
    RefuseName("detector", name, "sift, orb, akaze, fast");
  }
  return std::make_unique<OpenCvDetector>(name);
}

std::unique_ptr<OrientationEstimator> MakeOpenCvOrientation(
    const std::string& name) {
  if (name != "sift") RefuseName("orientation", name, "sift");
  return std::make_unique<SiftOrientation>();
}

std::unique_ptr<Descriptor> MakeOpenCvDescriptor(const std::string& name) {
  if (name == "sift" || name == "rootsift") {
    return std::make_unique<SiftDescriptor>(name == "rootsift");
  }
  if (name != "orb" && name != "akaze") {
    RefuseName("descriptor", name, "sift, rootsift, orb, akaze");
  }
  return std::make_unique<BitDescriptor>(name);
}

}  // namespace tiepoint
