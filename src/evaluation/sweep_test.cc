// SPDX-License-Identifier: Apache-2.0
#include "evaluation/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/pipeline/extract.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

constexpr float kQuarter = std::numbers::pi_v<float> / 2;

std::shared_ptr<Features> Points(std::vector<Keypoint> keypoints) {
  auto features = std::make_shared<Features>();
  features->set.image_width = features->set.image_height = 100;
  features->set.keypoints = std::move(keypoints);
  return features;
}

TEST(SweepTest, ScoresAQuarterTurn) {
  // (x, y) goes to (99 - y, x). Matches: 0 exact with an angle 0.1 off, 1 two
  // pixels off with an angle 0.3 off, 2 wrong. Keypoint 3 comes near keypoint 3
  // of image 2 but is not matched. So 2 of 3 matches, 2 of 3 possible ones.
  const PlanarPair pair{
      Points({{.x = 10, .y = 20, .angle = 0},
              {.x = 50, .y = 60, .angle = 3},
              {.x = 80, .y = 20, .angle = 0},
              {.x = 30, .y = 70, .angle = 0}}),
      Points({{.x = 79, .y = 10, .angle = kQuarter + 0.1f},
              {.x = 39, .y = 52, .angle = 3 + kQuarter - 6.2831853f - 0.3f},
              {.x = 5, .y = 5, .angle = 0},
              {.x = 29, .y = 31, .angle = 0}}),
      {0, -1, 99, 1, 0, 0, 0, 0, 1}};
  const SweepScore score =
      ScoreSweep(pair, {{0, 0}, {1, 1}, {2, 2}}, std::numbers::pi / 2);
  EXPECT_EQ(score.matches, 3);
  EXPECT_EQ(score.correct, 2);
  EXPECT_NEAR(score.precision, 2.0 / 3, 1e-12);
  EXPECT_NEAR(score.recall, 2.0 / 3, 1e-12);
  EXPECT_NEAR(score.repeatability, 6.0 / 8, 1e-12);
  EXPECT_NEAR(score.angle_error, 0.2 * 180 / std::numbers::pi, 1e-4);
  EXPECT_TRUE(std::isnan(ScoreSweep(pair, {}, 0).angle_error));
}

TEST(SweepTest, FullestBin) {
  const auto with = [](std::vector<float> angles) {
    std::vector<Keypoint> keypoints;
    for (const float angle : angles) keypoints.push_back({.angle = angle});
    return FullestAngleBin(keypoints);
  };
  EXPECT_EQ(with({}), 0);
  EXPECT_EQ(with({0, 0.1f, 0.5f, -0.1f}), 0.75);  // [0, 0.52), [-0.52, 0)
  EXPECT_EQ(with({-std::numbers::pi_v<float>, 1}), 0.5);
}

TEST(SweepTest, RefusesWhatItCannotSweep) {
  EXPECT_THROW(MakeRotationProtocol({"/nowhere"}), InputError);
  EXPECT_THROW(MakeRotationProtocol({}), InputError);
  EXPECT_THROW(MakeRotationProtocol({}, {.step = 0}), InputError);
  EXPECT_THROW(MakeScaleProtocol({}, {.factors = {100}}), InputError);
}

// RootSIFT, run here.
class SiftSource : public FeatureSource {
 public:
  std::string Label() const override { return "rootsift"; }
  Json Settings() const override { return {}; }
  std::shared_ptr<const Features> Of(const std::string& path,
                                     int max_image_size) const override {
    return std::make_shared<Features>(
        Of(ReadImage(path, {.max_image_size = max_image_size})));
  }
  Features Of(const Image& image) const override {
    Features features;
    features.set = Extract(image, steps_, 500);
    return features;
  }

 private:
  Steps steps_ = MakeSteps(ParsePreset("rootsift"), {});
};

TEST(SweepTest, RootSiftFollowsTurnsAndSizes) {
  // Blobs of many sizes; no picture of this machine.
  cv::Mat picture(240, 320, CV_32F, cv::Scalar(110));
  for (int k = 0; k < 150; ++k) {
    cv::Mat blob(240, 320, CV_32F, cv::Scalar(0));
    blob.at<float>(20 + static_cast<int>(200 * std::fmod(k * 0.754878, 1)),
                   20 + static_cast<int>(280 * std::fmod(k * 0.618034, 1))) = 1;
    const double sigma = 1.5 + 3 * std::fmod(k * 0.37, 1);
    cv::GaussianBlur(blob, blob, {}, sigma);
    picture += (k % 2 ? 100 : -75) * 6.28 * sigma * sigma * blob;
  }
  const fs::path path = fs::temp_directory_path() /
                        ("tiepoint_sweep_" + std::to_string(getpid()) + ".png");
  cv::imwrite(path.string(), picture);

  const SiftSource source;
  const auto rotation = MakeRotationProtocol({path.string()}, {.step = 135});
  ASSERT_EQ(rotation->Items().size(), 3u);
  EXPECT_EQ(rotation->Items()[1].name, "135");
  EXPECT_EQ(rotation->Items()[1].parameter, 135);
  for (const Item& item : rotation->Items()) {
    SCOPED_TRACE(item.name);
    Measurement m = rotation->Measure(source, item);
    EXPECT_GT(m["matches"][0], 50);
    EXPECT_GT(m["precision"][0], 0.75);
    EXPECT_GT(m["recall"][0], 0.4);
    EXPECT_LT(m["angle_error"][0], 2);
    EXPECT_LT(m["fullest_bin"][0], 0.5);
    if (item.parameter == 0) {
      EXPECT_EQ(m["precision"][0], 1);
      EXPECT_EQ(m["repeatability"][0], 1);
      EXPECT_EQ(m["angle_error"][0], 0);
    }
    for (const Column& column : rotation->Columns()) {
      EXPECT_EQ(m.count(column.series), 1u) << column.key;
    }
  }
  const auto scale =
      MakeScaleProtocol({path.string()}, {.factors = {0.7, 1.5}});
  for (const Item& item : scale->Items()) {
    EXPECT_GT(scale->Measure(source, item)["precision"][0], 0.7) << item.name;
  }
  fs::remove(path);
}

}  // namespace
}  // namespace tiepoint
