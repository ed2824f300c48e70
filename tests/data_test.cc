// SPDX-License-Identifier: Apache-2.0
// `tiepoint data` on rendered photographs of a plane with their COLMAP model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "run_program.h"
#include "tiepoint/pipeline/synthetic_plane.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using namespace synthetic_plane;
using ::testing::HasSubstr;
using ::testing::Not;

class DataTest : public ProgramTest {
 protected:
  // SCENE/images and, with a model, SCENE/sparse.
  void MakeScene(const std::string& name, bool with_model, int count) const {
    std::vector<ColmapImage> images;
    for (int i = 0; i < count; ++i) {
      images.push_back(MakeImage(std::to_string(i) + ".png", 0.08 * (i - 5),
                                 0.05 * (5 - i), 2.6 + 0.1 * i,
                                 36 * i * kDegree, 0));
    }
    const ColmapModel model = MakeModel(images);
    const fs::path scene = Path(name);
    fs::create_directories(scene / "images");
    WritePhotographs(model, scene / "images");
    if (!with_model) return;
    fs::create_directories(scene / "sparse");
    WriteModel(model, scene / "sparse");
  }

  ProgramResult Prepare(const std::string& scene, const std::string& output,
                        std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {
        "data", "prepare", "--photographs", Path(scene), "-o", Path(output)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
};

TEST_F(DataTest, AModelToShardsOnce) {
  MakeScene("castle", true, 10);
  const std::string train = Path("out/castle/sfm/train.shard");
  const ProgramResult first = Prepare("castle", "out", {"--threads", "1"});
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_THAT(first.output, HasSubstr("castle/sfm: train "));
  EXPECT_FALSE(fs::exists(Path("out/castle/warps")));
  const auto time = fs::last_write_time(train);
  const ProgramResult again = Prepare("castle", "out");
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_THAT(again.output, HasSubstr("made before"));
  EXPECT_EQ(fs::last_write_time(train), time);
  ExpectRefused(Prepare("castle", "out", {"--seed", "9"}), {"other settings"});
  // The same on more threads, and from another place.
  fs::rename(Path("castle"), Path("moved"));
  fs::create_directories(Path("there"));
  fs::rename(Path("moved"), Path("there/castle"));
  ASSERT_EQ(Prepare("there/castle", "out3", {"--threads", "3"}).exit_code, 0);
  for (const char* split : {"train", "validation", "test"}) {
    const std::string name = std::string("/castle/sfm/") + split + ".shard";
    EXPECT_EQ(Content(Path("out" + name)), Content(Path("out3" + name)));
  }

  const ProgramResult shown =
      Run({"data", "show", train, "--pictures", Path("sheet.png")});
  EXPECT_EQ(shown.exit_code, 0) << shown.errors;
  EXPECT_THAT(shown.output, HasSubstr("quadruplets"));
  EXPECT_THAT(shown.output, HasSubstr("castle"));
  EXPECT_THAT(shown.output, Not(HasSubstr(Path(""))));
  EXPECT_FALSE(cv::imread(Path("sheet.png")).empty());
  Write("cut.shard", Content(train).substr(0, 5000));
  ExpectRefused(Run({"data", "show", Path("cut.shard")}), {"truncated"});
}

TEST_F(DataTest, PhotographsWithoutAModelAreWarped) {
  MakeScene("market", false, 3);
  const ProgramResult result = Prepare("market", "out", {"--warps", "1"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("market/warps: train "));
  EXPECT_TRUE(fs::exists(Path("out/market/warps/test.shard")));
}

TEST_F(DataTest, AFixedCameraGivesAStack) {
  MakeScene("square", false, 1);
  fs::copy(Path("square/images/0.png"), Path("square/images/1.png"));
  ASSERT_EQ(Prepare("square", "out", {"--fixed-camera"}).exit_code, 0);
  const auto stack = ReadJson(Path("out/square/stack.json"));
  EXPECT_EQ(stack["photographs"], (nlohmann::json{"0.png", "1.png"}));
  EXPECT_EQ(stack["width"], kWidth);
  ASSERT_GT(stack["points"].size(), 10u);
  for (const auto& point : stack["points"]) EXPECT_EQ(point[3], 2);
}

TEST_F(DataTest, MatchesTeachAClassifier) {
  MakeScene("castle", true, 6);
  const auto matches = [&] {
    return Run({"data", "matches", "--photographs", Path("castle"), "-o",
                Path("out"), "--presets", "rootsift", "--min-angle", "0",
                "--max-keypoints", "500"});
  };
  const ProgramResult first = matches();
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_THAT(first.output,
              HasSubstr("castle.rootsift.matches: 6 photographs"));
  const std::string path = Path("out/castle.rootsift.matches");
  const auto time = fs::last_write_time(path);
  ASSERT_EQ(matches().exit_code, 0);
  EXPECT_EQ(fs::last_write_time(path), time);

  const std::string weights = Path("correspondence.safetensors");
  const std::vector<std::string> train = {"train",          "correspondence",
                                          "--data",         Path("out"),
                                          "--output",       weights,
                                          "--architecture", "two-stage",
                                          "--batch",        "8",
                                          "--matches",      "64",
                                          "--threads",      "1",
                                          "--device",       "cpu",
                                          "--iterations",   "2"};
  const ProgramResult trained = Run(train);
  ASSERT_EQ(trained.exit_code, 0) << trained.errors;
  EXPECT_THAT(trained.errors, HasSubstr("pose_area20"));
  const ProgramResult shown = Run({"models", "show", weights});
  EXPECT_THAT(shown.output, HasSubstr("6 + 6 of 128 channels"));
  // It is what match reads.
  const ProgramResult matched = Run(
      {"match", Path("castle/images/0.png"), Path("castle/images/1.png"),
       "--preset", "rootsift", "--models", Path(""), "--model", "homography"});
  EXPECT_THAT(matched.output, HasSubstr("by the filter learned"));

  fs::create_directories(Path("nothing"));
  const ProgramResult refused =
      Run({"train", "correspondence", "--data", Path("nothing"), "--output",
           Path("w.safetensors")});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.errors, HasSubstr("tiepoint data matches"));
}

TEST_F(DataTest, WhatCannotBeUsedIsOneLine) {
  MakeScene("castle", true, 2);
  ExpectRefused(Prepare("missing", "out"), {"no such folder"});
  ExpectRefused(Prepare("castle", "out", {"--model", Path("castle/images")}),
                {"no COLMAP model"});
  ExpectRefused(Prepare("castle", "out", {"--depth", Path("castle")}),
                {"--project"});
  fs::remove(Path("castle/images/0.png"));
  ExpectRefused(Prepare("castle", "out"), {"0.png"});
  fs::create_directories(Path("eval"));
  fs::rename(Path("castle"), Path("eval/castle"));
  ExpectRefused(Prepare("eval/castle", "out"), {"evaluation data"});
}

}  // namespace
}  // namespace tiepoint
