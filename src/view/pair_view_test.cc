// SPDX-License-Identifier: Apache-2.0
#include "view/pair_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "tiepoint/base/error.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/io/match_file.h"
#include "tiepoint/report/page_text.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Json = nlohmann::json;

class PairViewTest : public ::testing::Test {
 protected:
  PairViewTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_pair_view_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_ / "photos/in");
    const cv::Mat picture(30, 40, CV_8UC3, cv::Scalar(10, 200, 30));
    cv::imwrite(folder_ / "photos/a.png", picture);
    cv::imwrite(folder_ / "photos/in/b.tif", picture);
    FeatureFileWriter features(folder_ / "features.h5", {});
    features.Add("a.png", Features(3));
    features.Add("in/b.tif", Features(4));
    MatchedPair pair{.matches = {{0, 2, 0.5}, {1, 0, 1}, {2, 3, 0.25}}};
    pair.geometry.emplace();
    pair.geometry->configuration = ColmapConfiguration::kUncalibrated;
    pair.geometry->inliers = {{0, 2}, {2, 3}};
    pair.geometry->fundamental = {0, 0, 1, 2, 3, 4, 5, 6, 7};
    MatchFileWriter(folder_ / "matches.h5", {})
        .Add("a.png", "in/b.tif", 3, pair);
  }
  ~PairViewTest() override { fs::remove_all(folder_); }

  // Descriptor k is turned by k tenths.
  static FeatureSet Features(int count) {
    FeatureSet set;
    set.image_width = 40;
    set.image_height = 30;
    set.descriptors = {count, 2, {}};
    for (int k = 0; k < count; ++k) {
      // Strongest first.
      set.keypoints.push_back({1.5f + static_cast<float>(k), 2, 3, 0.5f,
                               10 - static_cast<float>(k)});
      set.descriptors.data.push_back(std::cos(0.1f * static_cast<float>(k)));
      set.descriptors.data.push_back(std::sin(0.1f * static_cast<float>(k)));
    }
    return set;
  }
  PairViewTask Task(const std::string& first, const std::string& second) const {
    return {.features = folder_ / "features.h5",
            .matches = folder_ / "matches.h5",
            .photographs = folder_ / "photos",
            .first = first,
            .second = second};
  }

  fs::path folder_;
};

TEST_F(PairViewTest, AsTheMatchOfTwoPhotographs) {
  const MatchPageInput page = ViewOfPair(Task("a.png", "in/b.tif"));
  EXPECT_EQ(PhotographsOf(page),
            (std::vector<std::string>{"a.png", "in/b.tif"}));
  const Json json = Json::parse(page.json);
  EXPECT_EQ(json["image2"]["width"], 40);
  EXPECT_EQ(json["keypoints1"].size(), 3u);
  EXPECT_EQ(json["keypoints2"][3], Json({4.5, 2, 3, 0.5, 7}));
  ASSERT_EQ(json["matches"].size(), 3u);
  EXPECT_EQ(json["matches"][1][1], 0);
  // The cosine of the angle between two unit vectors.
  EXPECT_NEAR(json["matches"][0][2], std::cos(0.2), 1e-6);
  EXPECT_EQ(json["weights"], Json({0.5, 1, 0.25}));
  EXPECT_EQ(json["inliers"], Json({0, 2}));
  EXPECT_EQ(json["F"], Json({0, 0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(MediaType(page.photographs[0]), "image/png") << "as it is";
  EXPECT_EQ(MediaType(page.photographs[1]), "image/jpeg") << "made of TIFF";
}

TEST_F(PairViewTest, TheOtherWayRound) {
  const MatchPageInput page = ViewOfPair(Task("in/b.tif", "a.png"));
  const Json json = Json::parse(page.json);
  EXPECT_EQ(json["keypoints1"].size(), 4u);
  // Ordered by the first keypoint now: (0, 1), (2, 0), (3, 2).
  EXPECT_EQ(json["matches"][0][0], 0);
  EXPECT_EQ(json["matches"][0][1], 1);
  EXPECT_EQ(json["weights"], Json({1, 0.5, 0.25}));
  EXPECT_EQ(json["inliers"], Json({1, 2}));
  EXPECT_EQ(json["F"], Json({0, 2, 5, 0, 3, 6, 1, 4, 7})) << "transposed";
}

TEST_F(PairViewTest, WhatIsMissingIsSaid) {
  EXPECT_THAT([&] { ViewOfPair(Task("a.png", "c.png")); },
              ThrowsMessage<InputError>(HasSubstr("has no pair")));
  for (const char* damaged : {"P6\n100000 100000\n255\n", "II*", ""}) {
    std::ofstream(folder_ / "photos/in/b.tif") << damaged;
    EXPECT_THAT([&] { ViewOfPair(Task("a.png", "in/b.tif")); },
                ThrowsMessage<InputError>(HasSubstr("in/b.tif")))
        << damaged;
  }
  fs::remove(folder_ / "photos/a.png");
  EXPECT_THAT([&] { ViewOfPair(Task("a.png", "in/b.tif")); },
              ThrowsMessage<InputError>(HasSubstr("--images")));
}

}  // namespace
}  // namespace tiepoint
