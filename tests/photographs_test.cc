// SPDX-License-Identifier: Apache-2.0
// The program on real photographs with the trained networks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <regex>

#include "run_program.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class PhotographsTest : public ProgramTest {
 protected:
  static std::string Photo(const std::string& name) {
    const char* folder = std::getenv("TIEPOINT_PHOTOS");
    const std::string path = std::string(folder ? folder : ".") + "/" + name;
    EXPECT_TRUE(fs::exists(path)) << path << ": run scripts/photos, or set "
                                  << "TIEPOINT_PHOTOS to the folder";
    return path;
  }
  nlohmann::json Match(const std::string& first, const std::string& second,
                       std::vector<std::string> more) const {
    more.insert(more.begin(), {"match", Photo(first), Photo(second), "--json",
                               Path("m.json")});
    const ProgramResult result = Run(more);
    EXPECT_EQ(result.exit_code, 0) << result.errors << result.output;
    EXPECT_EQ(result.errors, "");
    return ReadJson(Path("m.json"));
  }
  int CorrectOnGraf(const std::string& preset) const {
    const auto json = Match("graf1.png", "graf3.png",
                            {"--preset", preset, "--model", "homography",
                             "--check-homography", Photo("H1to3p.xml")});
    if (!json.is_object()) return -1;
    return json["homography_check"]["correct_matches"].get<int>();
  }
};

// A rotation: orthonormal, determinant 1.
void ExpectRotation(const std::vector<double>& r) {
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      double dot = 0;
      for (int k = 0; k < 3; ++k) dot += r[3 * i + k] * r[3 * j + k];
      EXPECT_NEAR(dot, i == j, 1e-6);
    }
  }
  EXPECT_NEAR(r[0] * (r[4] * r[8] - r[5] * r[7]) -
                  r[1] * (r[3] * r[8] - r[5] * r[6]) +
                  r[2] * (r[3] * r[7] - r[4] * r[6]),
              1, 1e-6);
}

double RotationDegrees(const std::vector<double>& r) {
  const double cosine = (r[0] + r[4] + r[8] - 1) / 2;
  return std::acos(std::clamp(cosine, -1.0, 1.0)) * 180 / std::numbers::pi;
}

TEST_F(PhotographsTest, GrafHasCorrectMatches) {
  EXPECT_GE(CorrectOnGraf("default"), 60);
  EXPECT_GE(CorrectOnGraf("rootsift"), 60);
}

TEST_F(PhotographsTest, MixedPresetsWork) {
  for (const char* preset : {"sift/lift/deepdesc", "lift/sift/deepdesc",
                             "lift/lift/rootsift", "sift/none/deepdesc"}) {
    EXPECT_GE(CorrectOnGraf(preset), 20) << preset;
  }
}

// Both photographs were taken by one telephone; the second a few steps further
// and turned to the right. No truth is known, but the learned and the classical
// features must tell the same story.
TEST_F(PhotographsTest, LeuvenHasAPose) {
  const std::string camera = "901,901,375,281";
  std::vector<std::vector<double>> rotations;
  for (const char* preset : {"default", "rootsift"}) {
    const auto json =
        Match("leuvenA.jpg", "leuvenB.jpg",
              {"--preset", preset, "--camera1", camera, "--camera2", camera});
    ASSERT_TRUE(json.is_object());
    EXPECT_EQ(json["model"], "essential");
    EXPECT_GE(json["inliers"].size(), 50u) << preset;
    const auto rotation = json["pose"]["R"].get<std::vector<double>>();
    const auto t = json["pose"]["t"].get<std::vector<double>>();
    ExpectRotation(rotation);
    EXPECT_LT(RotationDegrees(rotation), 30) << preset;
    EXPECT_NEAR(std::hypot(t[0], t[1], t[2]), 1, 1e-6);
    rotations.push_back(rotation);
  }
  std::vector<double> difference(9);
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 3; ++k) {
        difference[3 * i + j] +=
            rotations[0][3 * i + k] * rotations[1][3 * j + k];
      }
    }
  }
  EXPECT_LT(RotationDegrees(difference), 5);
}

TEST_F(PhotographsTest, ExifGivesTheCamera) {
  const auto json =
      Match("leuvenA.jpg", "leuvenB.jpg", {"--preset", "rootsift"});
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["model"], "essential");
  EXPECT_EQ(json["image1"]["exif_orientation"], 1);
  // An iPhone 6: 4.15 mm, 3264 pixels of 1.5 um, stored 751 pixels wide. The
  // 35 mm equivalent is rounded to 1 mm in the file.
  const double truth = 4.15 / 0.0015 / 3264 * 751;
  EXPECT_NEAR(json["image1"]["focal_length"].get<double>(), truth,
              0.02 * truth);
}

TEST_F(PhotographsTest, TheSameToTheByteForAnyNumberOfThreads) {
  const std::regex seconds("\n  \"seconds\":.*\n");
  for (const char* preset : {"default", "rootsift", "akaze", "orb"}) {
    std::vector<std::string> texts;
    for (const char* threads : {"1", "2", "2"}) {
      Match(
          "leuvenA.jpg", "leuvenB.jpg",
          {"--preset", preset, "--threads", threads, "--max-keypoints", "600"});
      texts.push_back(std::regex_replace(Content(Path("m.json")), seconds, ""));
    }
    EXPECT_GT(texts[0].size(), 1000u);
    EXPECT_TRUE(texts[0] == texts[1]) << preset << ": 1 and 2 threads differ";
    EXPECT_TRUE(texts[1] == texts[2]) << preset << ": two runs differ";
  }
}

TEST_F(PhotographsTest, FilesAreWritten) {
  const ProgramResult result =
      Run({"match", Photo("graf1.png"), Photo("graf3.png"), "--preset",
           "rootsift", "-o", Path("out"), "--descriptors", "--draw-keypoints",
           "--draw-outliers"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  for (const char* word : {"keypoints", "matches", "inliers", "seconds"}) {
    EXPECT_THAT(result.output, HasSubstr(word));
  }
  const auto json = ReadJson(Path("out/matches.json"));
  const size_t rows = json["keypoints1"].size();
  EXPECT_GT(rows, 1000u);
  EXPECT_GE(fs::file_size(Path("out/matches.descriptors1.npy")),
            rows * 128 * 4);
  EXPECT_GT(fs::file_size(Path("out/matches.png")), 100'000u);
  EXPECT_EQ(Run({"match", Photo("graf1.png"), Photo("graf3.png"), "--preset",
                 "orb", "--quiet"})
                .output,
            "");
}

}  // namespace
}  // namespace tiepoint
