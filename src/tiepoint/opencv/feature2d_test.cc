// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/opencv/feature2d.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "tiepoint/image/image.h"
#include "tiepoint/pipeline/extract.h"
#include "tiepoint/pipeline/preset.h"

namespace tiepoint {
namespace {

constexpr int kWidth = 320, kHeight = 240, kMost = 150;

cv::Mat Picture() {
  cv::Mat pixels(kHeight, kWidth, CV_32FC1);
  cv::RNG(5).fill(pixels, cv::RNG::NORMAL, 0, 1);
  cv::GaussianBlur(pixels, pixels, {}, 2.5);
  pixels.convertTo(pixels, CV_8U, 400, 128);
  return pixels;
}

// The numbers are those of the pipeline, in OpenCV's units.
TEST(Feature2DTest, FeaturesOfThePipeline) {
  for (const char* preset : {"default", "rootsift"}) {
    SCOPED_TRACE(preset);
    Image image;
    image.width = kWidth;
    image.height = kHeight;
    image.gray = GrayImage(kWidth, kHeight);
    Picture().convertTo(
        cv::Mat(kHeight, kWidth, CV_32F, image.gray.pixels.data()), CV_32F);
    ExtractorOptions options;
    options.max_keypoints = kMost;
    const FeatureSet expected =
        Extract(image, MakeSteps(ParsePreset(preset), options), kMost);

    const cv::Ptr<cv::Feature2D> features = Feature2D::create(preset, kMost);
    std::vector<cv::KeyPoint> keypoints;
    cv::Mat descriptors;
    features->detectAndCompute(Picture(), cv::noArray(), keypoints,
                               descriptors);
    ASSERT_EQ(keypoints.size(), expected.keypoints.size());
    ASSERT_GT(keypoints.size(), 50u);
    EXPECT_EQ(descriptors.rows, std::ssize(keypoints));
    EXPECT_EQ(descriptors.cols, features->descriptorSize());
    EXPECT_EQ(descriptors.type(), features->descriptorType());
    EXPECT_EQ(features->defaultNorm(), cv::NORM_L2);
    for (size_t i = 0; i < keypoints.size(); ++i) {
      const Keypoint& k = expected.keypoints[i];
      EXPECT_EQ(keypoints[i].pt.x, k.x);
      EXPECT_EQ(keypoints[i].pt.y, k.y);
      EXPECT_EQ(keypoints[i].size, 2 * k.scale);
      EXPECT_EQ(keypoints[i].response, k.score);
      EXPECT_GE(keypoints[i].angle, 0);
      EXPECT_LT(keypoints[i].angle, 360);
      EXPECT_NEAR(
          std::remainder(keypoints[i].angle - k.angle * 180 / std::numbers::pi,
                         360),
          0, 1e-4);
      for (int c = 0; c < descriptors.cols; ++c) {
        ASSERT_NEAR(descriptors.at<float>(static_cast<int>(i), c),
                    expected.descriptors.Row(static_cast<int>(i))[c], 1e-5);
      }
    }
    // detect and compute apart are the same.
    std::vector<cv::KeyPoint> again;
    cv::Mat apart;
    features->detect(Picture(), again);
    ASSERT_EQ(again.size(), keypoints.size());
    EXPECT_EQ(again[9].angle, keypoints[9].angle);
    features->compute(Picture(), again, apart);
    EXPECT_LT(cv::norm(apart, descriptors, cv::NORM_INF), 1e-3);
  }
}

TEST(Feature2DTest, MasksAreObeyed) {
  const cv::Ptr<cv::Feature2D> features = Feature2D::create("rootsift", 40);
  cv::Mat mask = cv::Mat::zeros(kHeight, kWidth, CV_8U);
  mask(cv::Rect(40, 50, 120, 90)) = 255;
  std::vector<cv::KeyPoint> keypoints;
  features->detect(Picture(), keypoints, mask);
  // As many as asked for, all inside: the mask comes before the number.
  EXPECT_EQ(keypoints.size(), 40u);
  for (const cv::KeyPoint& k : keypoints) {
    EXPECT_TRUE(
        cv::Rect(40, 50, 120, 90).contains({cvRound(k.pt.x), cvRound(k.pt.y)}));
  }
  EXPECT_THROW(
      features->detect(Picture(), keypoints, cv::Mat::ones(5, 5, CV_8U)),
      cv::Exception);
}

TEST(Feature2DTest, GivenKeypointsAreDescribed) {
  const cv::Ptr<cv::Feature2D> features = Feature2D::create("default", 10);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<cv::KeyPoint> keypoints = {
      {100, 80, 8, 30}, {nan, 80, 8, 30}, {90, 80, 0, 30}, {150, 90, 8, -1}};
  cv::Mat descriptors;
  features->detectAndCompute(Picture(), cv::noArray(), keypoints, descriptors,
                             true);
  ASSERT_EQ(keypoints.size(), 2u);
  EXPECT_EQ(descriptors.rows, 2);
  EXPECT_EQ(keypoints[0].angle, 30);
  EXPECT_GE(keypoints[1].angle, 0);  // estimated
  EXPECT_EQ(keypoints[1].pt.x, 150);
}

TEST(Feature2DTest, BitsArePacked) {
  for (const char* preset : {"orb", "akaze"}) {
    SCOPED_TRACE(preset);
    const cv::Ptr<cv::Feature2D> features = Feature2D::create(preset, 30);
    std::vector<cv::KeyPoint> keypoints;
    cv::Mat descriptors;
    features->detectAndCompute(Picture(), cv::noArray(), keypoints,
                               descriptors);
    ASSERT_GT(descriptors.rows, 5);
    EXPECT_EQ(descriptors.type(), CV_8U);
    EXPECT_EQ(descriptors.cols, features->descriptorSize());
    EXPECT_EQ(features->defaultNorm(), cv::NORM_HAMMING);
  }
}

TEST(Feature2DTest, SettingsComeBack) {
  const cv::Ptr<Feature2D> features = Feature2D::create("rootsift", 17);
  cv::FileStorage written("x.yml",
                          cv::FileStorage::WRITE | cv::FileStorage::MEMORY);
  features->write(written);
  const std::string text = written.releaseAndGetString();
  const cv::Ptr<Feature2D> other = Feature2D::create("sift", 5);
  const cv::FileStorage storage(
      text, cv::FileStorage::READ | cv::FileStorage::MEMORY);
  other->read(storage.root());
  std::vector<cv::KeyPoint> keypoints;
  other->detect(Picture(), keypoints);
  EXPECT_EQ(keypoints.size(), 17u);
}

TEST(Feature2DTest, EmptyAndBadInput) {
  const cv::Ptr<cv::Feature2D> features = Feature2D::create("rootsift", 10);
  EXPECT_FALSE(features->empty());
  EXPECT_EQ(features->getDefaultName(), "Feature2D.Tiepoint");
  std::vector<cv::KeyPoint> keypoints(3);
  cv::Mat descriptors;
  features->detectAndCompute(cv::Mat(), cv::noArray(), keypoints, descriptors);
  EXPECT_TRUE(keypoints.empty());
  features->detectAndCompute(cv::Mat(90, 90, CV_8U, {9}), cv::noArray(),
                             keypoints, descriptors);
  EXPECT_TRUE(keypoints.empty());
  EXPECT_TRUE(descriptors.empty());
  EXPECT_THROW(features->detect(cv::Mat(9, 9, CV_64F, {1}), keypoints),
               cv::Exception);
  EXPECT_THROW(Feature2D::create("no such preset"), cv::Exception);
}

}  // namespace
}  // namespace tiepoint
