// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/opencv/feature2d.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/image/pyramid.h"
#include "tiepoint/pipeline/preset.h"

namespace tiepoint {
namespace {

constexpr double kDegrees = 180 / std::numbers::pi;

// Runs `action`; its InputError becomes an exception of OpenCV.
template <typename Action>
auto AsOpenCv(const Action& action) {
  try {
    return action();
  } catch (const InputError& error) {
    CV_Error(cv::Error::StsBadArg, error.what());
  }
}

cv::KeyPoint ToOpenCv(const Keypoint& k) {
  double angle = k.angle * kDegrees;
  if (angle < 0) angle += 360;
  float degrees = static_cast<float>(angle);
  if (degrees >= 360) degrees = 0;  // rounded up to it
  return {k.x, k.y, 2 * k.scale, degrees, k.score, 0, -1};
}

Keypoint FromOpenCv(const cv::KeyPoint& k) {
  const double angle = k.angle < 0 ? 0 : k.angle / kDegrees;
  return {k.pt.x, k.pt.y, k.size / 2, WrapAngle(angle), k.response};
}

bool CanBeDescribed(const cv::KeyPoint& k) {
  return std::isfinite(k.pt.x) && std::isfinite(k.pt.y) &&
         std::isfinite(k.size) && k.size > 0 && std::isfinite(k.angle);
}

// 0 .. 255, as ReadImage makes it; and the colours where they are asked for.
ImagePyramid PyramidOf(const cv::Mat& image, bool colour) {
  const int channels = image.channels();
  const int depth = image.depth();
  if ((depth != CV_8U && depth != CV_16U && depth != CV_32F) ||
      (channels != 1 && channels != 3 && channels != 4)) {
    throw InputError("image: 8 or 16 bit or float, with 1, 3 or 4 channels");
  }
  cv::Mat gray = image;
  if (channels == 3) cv::cvtColor(image, gray, cv::COLOR_BGR2GRAY);
  if (channels == 4) cv::cvtColor(image, gray, cv::COLOR_BGRA2GRAY);
  GrayImage plane(image.cols, image.rows);
  cv::Mat pixels(image.rows, image.cols, CV_32FC1, plane.pixels.data());
  const double scale = depth == CV_16U ? 1.0 / 257 : 1.0;
  gray.convertTo(pixels, CV_32F, scale);
  if (!cv::checkRange(pixels)) {
    throw InputError("image: a pixel that is not finite");
  }
  std::vector<uint8_t> bgr;
  if (colour && channels > 1) {
    cv::Mat bytes;
    image.convertTo(bytes, CV_8U, scale);
    if (channels == 4) cv::cvtColor(bytes, bytes, cv::COLOR_BGRA2BGR);
    bgr.assign(bytes.datastart, bytes.dataend);
  }
  return ImagePyramid(std::move(plane), std::move(bgr));
}

// Bits (0 or 1, one a number) as bytes, the first is the lowest.
cv::Mat Packed(const DescriptorMatrix& bits) {
  cv::Mat packed = cv::Mat::zeros(bits.rows, (bits.cols + 7) / 8, CV_8U);
  for (int i = 0; i < bits.rows; ++i) {
    for (int c = 0; c < bits.cols; ++c) {
      if (bits.Row(i)[c] > 0.5f) {
        packed.at<uint8_t>(i, c / 8) |= static_cast<uint8_t>(1 << (c % 8));
      }
    }
  }
  return packed;
}

}  // namespace

struct Feature2D::State {
  std::string preset, models;
  int max_keypoints = 0;
  Steps steps;
  bool bits = false;  // orb, akaze
  int length = 0;

  void Orient(const ImagePyramid& pyramid, std::span<Keypoint> points) const {
    if (steps.orientation) {
      steps.orientation->Estimate(pyramid, points);
    } else if (steps.both) {
      steps.both->Estimate(pyramid, points);
    }
  }

  DescriptorMatrix Describe(const ImagePyramid& pyramid,
                            std::span<const Keypoint> points) const {
    return steps.both ? steps.both->Describe(pyramid, points)
                      : steps.descriptor->Describe(pyramid, points);
  }

  std::vector<Keypoint> Detect(const ImagePyramid& pyramid,
                               const cv::Mat& mask) const {
    if (mask.empty()) return steps.detector->Detect(pyramid, max_keypoints);
    std::vector<Keypoint> points = steps.detector->Detect(pyramid, 0);
    std::erase_if(points, [&](const Keypoint& k) {
      const int x = std::clamp(cvRound(k.x), 0, mask.cols - 1);
      const int y = std::clamp(cvRound(k.y), 0, mask.rows - 1);
      return mask.at<uint8_t>(y, x) == 0;
    });
    if (max_keypoints > 0 && std::ssize(points) > max_keypoints) {
      points.resize(max_keypoints);
    }
    return points;
  }
};

Feature2D::Feature2D() = default;
Feature2D::~Feature2D() = default;

cv::Ptr<Feature2D> Feature2D::create(const std::string& preset,
                                     int max_keypoints,
                                     const std::string& models) {
  cv::Ptr<Feature2D> made(new Feature2D());
  made->Make(preset, max_keypoints, models);
  return made;
}

void Feature2D::Make(const std::string& preset, int max_keypoints,
                     const std::string& models) {
  AsOpenCv([&] {
    if (max_keypoints < 0) throw InputError("max_keypoints: at least 0");
    auto state = std::make_unique<State>();
    state->preset = preset;
    state->models = models;
    state->max_keypoints = max_keypoints;
    ExtractorOptions options;
    options.max_keypoints = max_keypoints;
    options.models = models;
    state->steps = MakeSteps(ParsePreset(preset), options);
    const std::string& descriptor = state->steps.preset.descriptor;
    state->bits = descriptor == "orb" || descriptor == "akaze";
    if (state->bits) {
      state->length = descriptor == "orb" ? 32 : 61;
    } else if (state->steps.Describe()) {
      const ImagePyramid probe(GrayImage(64, 64, 128));
      const Keypoint middle{32, 32, 2, 0, 1};
      state->length = state->Describe(probe, {&middle, 1}).cols;
    }
    state_ = std::move(state);
  });
}

void Feature2D::detectAndCompute(cv::InputArray image, cv::InputArray mask,
                                 std::vector<cv::KeyPoint>& keypoints,
                                 cv::OutputArray descriptors,
                                 bool useProvidedKeypoints) {
  const cv::Mat pixels = image.getMat();
  const cv::Mat where = mask.getMat();
  AsOpenCv([&] {
    if (!where.empty() &&
        (where.type() != CV_8UC1 || where.size() != pixels.size())) {
      throw InputError("mask: 8 bit, of the image's size");
    }
    if (pixels.empty()) {
      keypoints.clear();
      if (descriptors.needed()) descriptors.release();
      return;
    }
    const ImagePyramid pyramid = PyramidOf(pixels, state_->steps.NeedsColour());
    std::vector<Keypoint> points;
    if (useProvidedKeypoints) {
      std::erase_if(keypoints,
                    [](const auto& k) { return !CanBeDescribed(k); });
      std::vector<Keypoint> turnless;
      for (const cv::KeyPoint& k : keypoints) {
        points.push_back(FromOpenCv(k));
        if (k.angle < 0) turnless.push_back(points.back());
      }
      state_->Orient(pyramid, turnless);
      auto turned = turnless.begin();
      for (size_t i = 0; i < keypoints.size(); ++i) {
        if (keypoints[i].angle >= 0) continue;
        points[i] = *turned++;
        keypoints[i].angle = ToOpenCv(points[i]).angle;
      }
    } else {
      points = state_->Detect(pyramid, where);
      state_->Orient(pyramid, points);
      keypoints.clear();
      for (const Keypoint& k : points) keypoints.push_back(ToOpenCv(k));
    }
    if (!descriptors.needed()) return;
    if (!state_->steps.Describe()) {
      throw InputError("preset: '" + state_->preset + "' describes nothing");
    }
    if (points.empty()) {
      descriptors.release();
      return;
    }
    DescriptorMatrix made = state_->Describe(pyramid, points);
    if (state_->bits) {
      Packed(made).copyTo(descriptors);
    } else {
      cv::Mat(made.rows, made.cols, CV_32F, made.data.data())
          .copyTo(descriptors);
    }
  });
}

int Feature2D::descriptorSize() const { return state_->length; }

int Feature2D::descriptorType() const { return state_->bits ? CV_8U : CV_32F; }

int Feature2D::defaultNorm() const {
  return state_->bits ? cv::NORM_HAMMING : cv::NORM_L2;
}

bool Feature2D::empty() const { return false; }

cv::String Feature2D::getDefaultName() const { return "Feature2D.Tiepoint"; }

void Feature2D::write(cv::FileStorage& storage) const {
  writeFormat(storage);
  storage << "name" << getDefaultName() << "preset" << state_->preset
          << "max_keypoints" << state_->max_keypoints << "models"
          << state_->models;
}

void Feature2D::read(const cv::FileNode& node) {
  std::string preset = state_->preset, models = state_->models;
  int max_keypoints = state_->max_keypoints;
  if (!node["preset"].empty()) node["preset"] >> preset;
  if (!node["max_keypoints"].empty()) node["max_keypoints"] >> max_keypoints;
  if (!node["models"].empty()) node["models"] >> models;
  Make(preset, max_keypoints, models);
}

}  // namespace tiepoint
