// SPDX-License-Identifier: Apache-2.0
#include "evaluation/matching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "evaluation/draw_pair.h"
#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

// Keypoints of scale 2 with descriptors of one number.
Features Points(
    const std::vector<std::array<float, 3>>& places_and_descriptors) {
  Features features;
  FeatureSet& set = features.set;
  set.image_width = 100;
  set.image_height = 80;
  set.descriptors.cols = 1;
  for (const auto& p : places_and_descriptors) {
    set.keypoints.push_back({.x = p[0], .y = p[1], .scale = 2});
    set.descriptors.data.push_back(p[2]);
    ++set.descriptors.rows;
  }
  return features;
}

PlanarPair Pair(const Features& first, const Features& second,
                const Matrix3& homography) {
  return {std::make_shared<Features>(first), std::make_shared<Features>(second),
          homography};
}

constexpr Matrix3 kIdentity{1, 0, 0, 0, 1, 0, 0, 0, 1};

TEST(MatchingTest, FeaturesWithoutDescriptorsAreRefused) {
  Features bare = Points({{0, 0, 0}});
  bare.set.descriptors = {};
  EXPECT_THROW(RequireDescriptors(bare.set), InputError);
}

TEST(FilteredMatcherTest, SaysWhatTheMatchesAre) {
  FilteredMatcherOptions options;
  EXPECT_EQ(FilteredMatcher(options).Settings().dump(),
            R"({"mutual":true,"filter":"none"})");
  options.filter = MatchFilter::kGms;
  EXPECT_THROW(FilteredMatcher{options}, InputError);
  options.filter = MatchFilter::kLearned;
  options.classifier = "no such file";
  EXPECT_THROW(FilteredMatcher{options}, InputError);
}

TEST(MatchingTest, NearestNeighboursAreRanked) {
  // Regions have radius 6 (3 x 2). Correspondences (error < 0.5 means centres
  // less than 3.18 apart): 0-0 (0 px), 1-1 (3 px), 2-2 (0 px); 3-3 is 4 px.
  // Descriptor distances, one to one: 0-0 at 0, 3-3 at 1, then 1 and 2 swapped:
  // 1-2 at 2, 2-1 at 3. Ranks: right, wrong, wrong, wrong.
  const Features first =
      Points({{10, 10, 0}, {30, 10, 100}, {50, 10, 201}, {70, 10, 300}});
  const Features second =
      Points({{10, 10, 0}, {33, 10, 204}, {50, 10, 102}, {74, 10, 301}});
  auto score = ScoreNearestNeighbours(Pair(first, second, kIdentity), "", 1000);
  EXPECT_NEAR(score.average_precision, 1.0 / 3, 1e-12);
  EXPECT_NEAR(score.matching_score, 1.0 / 4, 1e-12);
  // Of the first keypoint alone everything is right.
  score = ScoreNearestNeighbours(Pair(first, second, kIdentity), "", 1);
  EXPECT_EQ(score.average_precision, 1);
  EXPECT_EQ(score.matching_score, 1);
  score = ScoreNearestNeighbours(Pair(first, Points({}), kIdentity), "", 1000);
  EXPECT_EQ(score.average_precision, 0);
}

// Two photographs of a sequence, and their features.
class FakeSource : public FeatureSource {
 public:
  std::string Label() const override { return "fake"; }
  Json Settings() const override { return {}; }
  std::shared_ptr<const Features> Of(const std::string& path,
                                     int) const override {
    return std::make_shared<Features>(
        fs::path(path).stem() == "1"
            ? Points({{5, 5, 0}, {10, 20, 10}, {20, 40, 20}, {90, 60, 30}})
            : Points({{55, 5, 0}, {60, 22, 10}, {70, 44, 20}, {80, 70, 30}}));
  }
  Features Of(const Image&) const override { return {}; }
};

class MatchingProtocolTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() /
            ("tiepoint_matching_" + std::to_string(getpid()));
    fs::create_directories(root_ / "set" / "v_x");
    for (const char* name : {"1.png", "2.png"}) {
      cv::imwrite((root_ / "set" / "v_x" / name).string(),
                  cv::Mat(80, 100, CV_8UC3, cv::Scalar(90, 90, 90)));
    }
    std::ofstream(root_ / "set" / "v_x" / "H_1_2") << "1 0 50 0 1 0 0 0 1";
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path root_;
};

TEST_F(MatchingProtocolTest, MeasuresAPair) {
  // All four match; errors 0, 2, 4 and far. In the shared view: x1 < 49.5 in
  // image 1 (three), x2 >= 49.5 in image 2 (all four).
  const auto protocol = MakeMatchingProtocol({root_.string()});
  ASSERT_EQ(protocol->Items().size(), 1u);
  Measurement m = protocol->Measure(FakeSource(), protocol->Items()[0]);
  EXPECT_THAT(m["keypoints"], ElementsAre(4));
  EXPECT_THAT(m["matches"], ElementsAre(4));
  EXPECT_THAT(m["correct_1"], ElementsAre(1));
  EXPECT_THAT(m["correct_3"], ElementsAre(2));
  EXPECT_THAT(m["correct_5"], ElementsAre(3));
  EXPECT_THAT(m["mma_1"], ElementsAre(0.25));
  EXPECT_THAT(m["mma_2"], ElementsAre(0.5));
  EXPECT_THAT(m["mma_10"], ElementsAre(0.75));
  EXPECT_THAT(m["score"], ElementsAre(2.0 / 3));
  // Every column has its series.
  for (const Column& column : protocol->Columns()) {
    EXPECT_EQ(m.count(column.series), 1u) << column.key;
  }
}

TEST_F(MatchingProtocolTest, DrawsRightAndWrong) {
  const auto protocol = MakeMatchingProtocol({root_.string()});
  const std::string png = protocol->Draw(FakeSource(), protocol->Items()[0]);
  const cv::Mat picture = cv::imdecode(
      std::vector<uint8_t>(png.begin(), png.end()), cv::IMREAD_COLOR);
  EXPECT_EQ(picture.rows, 80);
  EXPECT_EQ(picture.cols, 206);
  // The dots of a right match (0) and of a wrong one (3).
  const auto left = picture.at<cv::Vec3b>(5, 5);
  EXPECT_GT(left[1], left[2] + 50);
  const auto right = picture.at<cv::Vec3b>(70, 106 + 80);
  EXPECT_GT(right[2], right[1] + 50);
}

}  // namespace
}  // namespace tiepoint
