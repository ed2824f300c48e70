// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/match_photographs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <regex>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/pipeline/draw_matches.h"
#include "tiepoint/pipeline/extract.h"
#include "tiepoint/pipeline/report_json.h"
#include "tiepoint/pipeline/tiny_models.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr int kWidth = 240, kHeight = 180;

// Structure of all sizes, as photographs have.
cv::Mat Texture(int width, int height) {
  cv::Mat sum(height, width, CV_32FC1, cv::Scalar(128));
  cv::RNG random(3);
  for (const double sigma : {1.5, 3.0, 6.0}) {
    cv::Mat noise(height, width, CV_32FC1);
    random.fill(noise, cv::RNG::NORMAL, 0, 1);
    cv::GaussianBlur(noise, noise, {}, sigma);
    sum += noise * (60 * sigma);
  }
  cv::Mat pixels;
  sum.convertTo(pixels, CV_8U);
  return pixels;
}

class MatchPhotographsTest : public ::testing::Test {
 protected:
  MatchPhotographsTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_match_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    WriteTinyModels(folder_);
    const cv::Mat upright = Texture(kWidth, kHeight);
    cv::Mat turned;
    cv::rotate(upright, turned, cv::ROTATE_90_CLOCKWISE);
    upright_ = Write("upright.png", upright);
    turned_ = Write("turned.png", turned);
    blank_ = Write("blank.png", cv::Mat(90, 120, CV_8UC1, cv::Scalar(128)));
    options_.preset = "lift/lift/deepdesc";
    options_.extractor.models = folder_;
    options_.model = TwoViewModel::kHomography;
    options_.filter = MatchFilter::kNone;
  }
  ~MatchPhotographsTest() override {
    SetNumThreads(0);
    fs::remove_all(folder_);
  }

  std::string Write(const std::string& name, const cv::Mat& pixels) const {
    const std::string path = folder_ / name;
    EXPECT_TRUE(cv::imwrite(path, pixels));
    return path;
  }
  MatchReport Run(const std::string& first, const std::string& second) const {
    return MatchPhotographs(first, second, options_);
  }
  std::string Json(const MatchReport& report) const {
    return ReportJson(report, options_, "1.2.3");
  }

  fs::path folder_;
  std::string upright_, turned_, blank_;
  MatchPhotographsOptions options_;
};

// Turned by 90 degrees, a photograph has the same pixels: keypoints, angles and
// descriptors must follow, in every mixture of steps.
TEST_F(MatchPhotographsTest, AQuarterTurnIsFound) {
  const Matrix3 truth = {0, -1, kHeight - 1, 1, 0, 0, 0, 0, 1};
  for (const char* preset :
       {"lift/lift/deepdesc", "sift/none/sift", "sift/lift/deepdesc",
        "lift/sift/rootsift", "lift/lift/sift"}) {
    options_.preset = preset;
    const MatchReport report = Run(upright_, turned_);
    ASSERT_GT(report.features1.keypoints.size(), 20u) << preset;
    int correct = 0;
    const std::vector<PointPair> pairs = MatchedPoints(report);
    for (const PointPair& pair : pairs) {
      if (TransferError(truth, pair) > 1) continue;
      ++correct;
    }
    EXPECT_GT(correct, 0.6 * report.features1.keypoints.size()) << preset;
    ASSERT_TRUE(HasAnswer(report)) << preset << report.geometry.reason;
    int same_scale = 0;
    for (const int k : report.geometry.inliers) {
      EXPECT_LT(TransferError(truth, pairs[k]), 2.5) << preset;
      const Match& match = report.matches[k];
      const Keypoint& a = report.features1.keypoints[match.i];
      const Keypoint& b = report.features2.keypoints[match.j];
      same_scale += std::abs(b.scale / a.scale - 1) < 0.1;
    }
    // One place may hold keypoints of several scales.
    EXPECT_GT(same_scale, 0.9 * report.geometry.inliers.size()) << preset;
    EXPECT_EQ(report.weights.size(), report.matches.size());
  }
}

// Every pixel twice in each direction, worked on at half the size: the same
// working pixels, so the same features at 2 x + 0.5 with twice the scale.
TEST_F(MatchPhotographsTest, ReducedPhotographsKeepStoredCoordinates) {
  const Steps steps =
      MakeSteps(ParsePreset(options_.preset), options_.extractor);
  cv::Mat twice;
  cv::resize(Texture(kWidth, kHeight), twice, {}, 2, 2, cv::INTER_NEAREST);
  const Image small = ReadImage(upright_);
  const Image large =
      ReadImage(Write("twice.png", twice), {.max_image_size = kWidth});
  ASSERT_EQ(large.gray.pixels, small.gray.pixels);
  const FeatureSet a = Extract(small, steps, 100);
  const FeatureSet b = Extract(large, steps, 100);
  ASSERT_EQ(a.keypoints.size(), b.keypoints.size());
  ASSERT_GT(a.keypoints.size(), 20u);
  EXPECT_EQ(b.image_width, 2 * kWidth);
  for (size_t i = 0; i < a.keypoints.size(); ++i) {
    EXPECT_NEAR(b.keypoints[i].x, 2 * a.keypoints[i].x + 0.5, 1e-3);
    EXPECT_NEAR(b.keypoints[i].y, 2 * a.keypoints[i].y + 0.5, 1e-3);
    EXPECT_NEAR(b.keypoints[i].scale, 2 * a.keypoints[i].scale, 1e-4);
    EXPECT_EQ(b.keypoints[i].angle, a.keypoints[i].angle);
  }
  EXPECT_EQ(a.descriptors.data, b.descriptors.data);
}

TEST_F(MatchPhotographsTest, AFilterWeighsTheSameMatches) {
  const MatchReport all = Run(upright_, turned_);
  EXPECT_EQ(all.NumKept(), static_cast<int>(all.matches.size()));
  options_.filter = MatchFilter::kRatio;
  options_.max_ratio = 0.7;
  const MatchReport some = Run(upright_, turned_);
  EXPECT_EQ(some.matches, all.matches);
  EXPECT_LT(some.NumKept(), all.NumKept());
  for (size_t k = 0; k < some.matches.size(); ++k) {
    EXPECT_EQ(some.weights[k] > 0, some.matches[k].ratio <= 0.7f);
  }
  EXPECT_THAT(Json(some), HasSubstr("\"filter\": \"ratio\""));
}

TEST_F(MatchPhotographsTest, TheLearnedFilterNeedsItsWeights) {
  options_.filter = MatchFilter::kLearned;
  EXPECT_GT(Run(upright_, turned_).NumKept(), 0);
  fs::remove(folder_ / "correspondence.safetensors");
  EXPECT_THAT([&] { Run(upright_, turned_); },
              ThrowsMessage<InputError>(HasSubstr("correspondence")));
}

TEST_F(MatchPhotographsTest, TheModelFollowsFromTheCameras) {
  options_.model.reset();
  EXPECT_EQ(Run(upright_, turned_).geometry.model, TwoViewModel::kFundamental);
  options_.camera1 = PinholeCamera{300, 300, 119.5, 89.5};
  EXPECT_EQ(Run(upright_, turned_).geometry.model, TwoViewModel::kFundamental);
  options_.camera2 = PinholeCamera{300, 300, 89.5, 119.5};
  EXPECT_EQ(Run(upright_, turned_).geometry.model, TwoViewModel::kEssential);
  options_.camera2.reset();
  options_.model = TwoViewModel::kEssential;
  EXPECT_THAT([&] { Run(upright_, turned_); },
              ThrowsMessage<InputError>(HasSubstr("--camera2")));
  options_.camera1->fx = -1;
  EXPECT_THROW(Run(upright_, turned_), InputError);
}

TEST_F(MatchPhotographsTest, NothingToSeeIsAnAnswerWithAReason) {
  for (const char* preset : {"lift/lift/deepdesc", "rootsift", "orb"}) {
    options_.preset = preset;
    const MatchReport report = Run(upright_, blank_);
    EXPECT_EQ(report.features2.keypoints.size(), 0u);
    EXPECT_TRUE(report.matches.empty());
    EXPECT_FALSE(HasAnswer(report));
    EXPECT_THAT(report.geometry.reason, HasSubstr(blank_));
    const auto json = nlohmann::json::parse(Json(report));
    EXPECT_EQ(json["success"], false);
    EXPECT_TRUE(json["H"].is_null());
    EXPECT_TRUE(json["keypoints2"].empty());
  }
}

TEST_F(MatchPhotographsTest, TooManyPixelsAreRefusedWithAHint) {
  Image image;
  image.path = "large.png";
  image.width = image.gray.width = 10000;
  image.height = image.gray.height = 10000;
  const Steps steps = MakeSteps(ParsePreset("sift"), {});
  EXPECT_THAT([&] { Extract(image, steps, 100); },
              ThrowsMessage<InputError>(HasSubstr("--max-image-size")));
}

TEST_F(MatchPhotographsTest, WithoutADescriptorThereAreKeypointsAlone) {
  const Steps steps = MakeSteps(ParsePreset("fast/none/none"), {});
  const FeatureSet features = Extract(ReadImage(upright_), steps, 100);
  EXPECT_EQ(features.keypoints.size(), 100u);
  EXPECT_EQ(features.descriptors.rows, 100);
  EXPECT_EQ(features.descriptors.cols, 0);
  options_.preset = "fast/none/none";
  EXPECT_THAT([&] { Run(upright_, turned_); },
              ThrowsMessage<InputError>(HasSubstr("no descriptor")));
}

// TILDE of one filter, the blue-yellow channel v: in gray the photograph has
// only noise of rounding there.
TEST_F(MatchPhotographsTest, DetectorsThatNeedColourSeeIt) {
  const std::string tilde = folder_ / "tilde.txt";
  std::ofstream file(tilde);
  file << "1\n1 6 1\n0 0 0 0 0 1\n0\n";
  file.close();
  const cv::Mat gray = Texture(kWidth, kHeight);
  cv::Mat colour;
  const cv::Mat flat(gray.size(), CV_8UC1, cv::Scalar(128));
  cv::merge(std::vector<cv::Mat>{gray, flat, flat}, colour);
  const std::string path = Write("blue.png", colour);
  options_.preset = "imported:" + tilde;
  const MatchReport report = Run(path, path);
  EXPECT_TRUE(report.image1.bgr.empty());  // nobody asked for it
  const Steps steps = MakeSteps(ParsePreset(options_.preset), {});
  const FeatureSet seen =
      Extract(ReadImage(path, {.keep_colour = true}), steps, 2048);
  EXPECT_EQ(report.features1.keypoints, seen.keypoints);
  EXPECT_NE(Extract(ReadImage(path), steps, 2048).keypoints, seen.keypoints);
}

TEST_F(MatchPhotographsTest, JsonHoldsEveryNumberExactly) {
  const MatchReport report = Run(upright_, turned_);
  const auto json = nlohmann::json::parse(Json(report));
  EXPECT_EQ(json["version"], "1.2.3");
  EXPECT_EQ(json["preset"], "lift/lift/deepdesc");
  EXPECT_EQ(json["model"], "homography");
  EXPECT_EQ(json["image1"]["path"], upright_);
  EXPECT_EQ(json["image2"]["width"], kHeight);
  ASSERT_EQ(json["keypoints1"].size(), report.features1.keypoints.size());
  for (size_t i = 0; i < report.features1.keypoints.size(); ++i) {
    const auto row = json["keypoints1"][i].get<std::vector<float>>();
    const Keypoint& k = report.features1.keypoints[i];
    EXPECT_EQ(row, (std::vector<float>{k.x, k.y, k.scale, k.angle, k.score}));
  }
  ASSERT_EQ(json["matches"].size(), report.matches.size());
  EXPECT_EQ(json["matches"][3][1], report.matches[3].j);
  EXPECT_EQ(json["matches"][3][2].get<float>(), report.matches[3].similarity);
  EXPECT_EQ(json["inliers"].get<std::vector<int>>(), report.geometry.inliers);
  EXPECT_EQ(json["weights"].size(), report.matches.size());
  EXPECT_EQ(json["H"].get<Matrix3>(), report.geometry.matrix);
  EXPECT_TRUE(json["E"].is_null());
  EXPECT_TRUE(json["pose"].is_null());
  EXPECT_GT(json["seconds"]["total"].get<double>(), 0);
}

TEST_F(MatchPhotographsTest, JsonDoesNotDependOnThreads) {
  const std::regex seconds("\n  \"seconds\":.*\n");
  const auto text = [&](int threads) {
    SetNumThreads(threads);
    return std::regex_replace(Json(Run(upright_, turned_)), seconds, "");
  };
  const std::string one = text(1);
  EXPECT_EQ(one, text(2));
  EXPECT_EQ(one, text(3));
}

TEST_F(MatchPhotographsTest, JsonEscapesPaths) {
  MatchReport report = Run(upright_, turned_);
  report.image1.path = "a \"quoted\" \n name \xFF.jpg";
  const auto json = nlohmann::json::parse(Json(report));
  EXPECT_EQ(json["image1"]["path"], "a \"quoted\" \n name \xEF\xBF\xBD.jpg");
}

cv::Mat Decode(const std::string& png) {
  return cv::imdecode(std::vector<uint8_t>(png.begin(), png.end()),
                      cv::IMREAD_COLOR);
}

bool IsGreen(const cv::Vec3b& p) {
  return p[1] > p[0] + 60 && p[1] > p[2] + 60;
}

TEST_F(MatchPhotographsTest, ThePictureShowsInliersInGreen) {
  options_.keep_colour = true;
  MatchReport report = Run(upright_, turned_);
  const auto green = [&] {
    const cv::Mat picture = Decode(DrawMatches(report, {}));
    int count = 0;
    for (const auto& p : cv::Mat_<cv::Vec3b>(picture)) count += IsGreen(p);
    return count;
  };
  EXPECT_GT(green(), 1000);
  report.geometry.inliers.clear();
  EXPECT_EQ(green(), 0);
}

TEST_F(MatchPhotographsTest, ThePictureShowsWeightsByColour) {
  options_.keep_colour = true;
  MatchReport report = Run(upright_, turned_);
  const auto red_and_green = [&] {
    const cv::Mat picture = Decode(DrawMatches(report, {.weights = true}));
    int red = 0, green = 0;
    for (const auto& p : cv::Mat_<cv::Vec3b>(picture)) {
      red += p[2] > 200 && p[1] < 100;
      green += p[1] > 200 && p[2] < 100;
    }
    return std::pair(red, green);
  };
  report.weights.assign(report.matches.size(), 1.0f);
  const auto [no_red, green] = red_and_green();
  EXPECT_EQ(no_red, 0);
  EXPECT_GT(green, 500);
  report.weights.assign(report.matches.size(), 0.0f);
  const auto [red, no_green] = red_and_green();
  EXPECT_GT(red, 500);
  EXPECT_EQ(no_green, 0);
}

TEST_F(MatchPhotographsTest, ThePictureKeepsWithinItsLimits) {
  options_.keep_colour = true;
  options_.preset = "rootsift";
  const std::string tall = Write("tall.png", Texture(1, 1));
  const std::string wide = Write("wide.png", Texture(900, 20));
  for (const auto& [a, b] : {std::pair(upright_, turned_),
                             std::pair(tall, wide), std::pair(wide, wide)}) {
    const cv::Mat picture =
        Decode(DrawMatches(Run(a, b), {.keypoints = true, .outliers = true}));
    EXPECT_LE(picture.cols, 2400);
    EXPECT_GE(picture.cols, 720);
    EXPECT_LE(picture.rows, 800);
  }
}

}  // namespace
}  // namespace tiepoint
