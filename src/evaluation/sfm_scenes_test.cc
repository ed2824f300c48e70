// SPDX-License-Identifier: Apache-2.0
#include "evaluation/sfm_scenes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kPose = " 1 0 0 0 1 0 0 0 1 7 8 9\n";

class SfmScenesTest : public ::testing::Test {
 protected:
  SfmScenesTest()
      : root_(fs::temp_directory_path() /
              ("tiepoint_sfm_scenes_" + std::to_string(getpid()))) {}
  ~SfmScenesTest() override { fs::remove_all(root_); }

  void Write(const std::string& name, const std::string& content) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << content;
  }
  std::vector<SfmScene> Find(const std::string& below = "") const {
    return FindSfmScenes((root_ / below).string());
  }
  std::string Error(const std::string& below = "") const {
    try {
      Find(below);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
  void WriteCameras() const {
    Write("set/cameras/gt_cameras.txt",
          std::string("images/b.png 500 510 320 240 0 0 0 0") + kPose +
              "images/a.png 500 510 320 240 -0.1 0.02 0 0.001" + kPose);
    Write("set/cameras/images/a.png", "a");
    Write("set/cameras/images/b.png", "b");
    Write("set/cameras/images/unlisted.png", "u");
  }
  void WriteModel() const {
    Write("set/model/sparse/0/cameras.txt",
          "1 SIMPLE_RADIAL 640 480 500 320 240 0.01\n");
    Write("set/model/sparse/0/images.txt",
          "4 1 0 0 0 7 8 9 1 left/a.JPG\n\n5 1 0 0 0 1 2 3 1 b.jpg\n\n");
    Write("set/model/sparse/0/points3D.txt", "");
    for (const char* name : {"left/a.JPG", "b.jpg", "c.jpeg", "notes.txt"}) {
      Write(std::string("set/model/images/") + name, name);
    }
  }

  fs::path root_;
};

std::vector<std::string> Names(const SfmScene& scene) {
  std::vector<std::string> names;
  for (const auto& photograph : scene.photographs) {
    names.push_back(photograph.name);
  }
  return names;
}

TEST_F(SfmScenesTest, ReadsTrueCameras) {
  WriteCameras();
  const auto scenes = Find();
  ASSERT_EQ(scenes.size(), 1u);
  EXPECT_EQ(scenes[0].set, "set");
  EXPECT_EQ(scenes[0].name, "cameras");
  EXPECT_EQ(scenes[0].truth, SfmTruth::kCameras);
  EXPECT_THAT(Names(scenes[0]), ElementsAre("images/a.png", "images/b.png"));
  const auto& photographs = scenes[0].photographs;
  EXPECT_TRUE(fs::exists(photographs[0].path));
  EXPECT_EQ(photographs[0].camera->model, "OPENCV");
  EXPECT_THAT(photographs[0].camera->params,
              ElementsAre(500, 510, 320, 240, -0.1, 0.02, 0, 0.001));
  EXPECT_EQ(photographs[1].camera->model, "PINHOLE");
  EXPECT_THAT(photographs[1].camera->params, ElementsAre(500, 510, 320, 240));
  EXPECT_THAT(photographs[1].pose->translation, ElementsAre(7, 8, 9));
  EXPECT_EQ(fs::path(scenes[0].image_folder) / photographs[0].name,
            fs::path(photographs[0].path));
}

TEST_F(SfmScenesTest, ReadsTrueModels) {
  WriteModel();
  const auto scenes = Find("set/model/");
  ASSERT_EQ(scenes.size(), 1u);
  EXPECT_EQ(scenes[0].set, "set");
  EXPECT_EQ(scenes[0].truth, SfmTruth::kColmapModel);
  EXPECT_THAT(Names(scenes[0]), ElementsAre("b.jpg", "c.jpeg", "left/a.JPG"));
  const auto& photographs = scenes[0].photographs;
  EXPECT_THAT(photographs[0].pose->translation, ElementsAre(1, 2, 3));
  EXPECT_FALSE(photographs[1].pose);
  EXPECT_FALSE(photographs[1].camera);
  EXPECT_EQ(photographs[2].camera->model, "SIMPLE_RADIAL");
  // Tiepoint's pixels.
  EXPECT_THAT(photographs[2].camera->params,
              ElementsAre(500, 319.5, 239.5, 0.01));
}

TEST_F(SfmScenesTest, FindsAllScenesInOrder) {
  WriteModel();
  WriteCameras();
  Write("set/plain/images/1.png", "1");
  Write("set/plain/images/2.png", "2");
  const auto scenes = Find();
  ASSERT_EQ(scenes.size(), 3u);
  EXPECT_EQ(scenes[0].name, "cameras");
  EXPECT_EQ(scenes[1].name, "model");
  EXPECT_EQ(scenes[2].name, "plain");
  EXPECT_EQ(scenes[2].truth, SfmTruth::kNone);
}

TEST_F(SfmScenesTest, AFolderOfPhotographsIsAScene) {
  Write("set/1.png", "1");
  Write("set/2.png", "2");
  const auto scenes = Find("set");
  ASSERT_EQ(scenes.size(), 1u);
  EXPECT_EQ(scenes[0].name, "set");
  EXPECT_THAT(Names(scenes[0]), ElementsAre("1.png", "2.png"));
}

TEST_F(SfmScenesTest, TheChecksumIsOfContentAndTruth) {
  WriteModel();
  const std::string before = Find()[0].checksum;
  EXPECT_EQ(Find()[0].checksum, before);
  Write("set/model/images/b.jpg", "B.jpg");
  const std::string changed = Find()[0].checksum;
  EXPECT_NE(changed, before);
  Write("set/model/sparse/0/points3D.txt", "# none\n");
  EXPECT_NE(Find()[0].checksum, changed);
}

TEST_F(SfmScenesTest, SaysWhatIsWrong) {
  EXPECT_THAT(Error("nowhere"), HasSubstr("nowhere: no such folder"));
  Write("set/images/1.png", "1");
  EXPECT_THAT(Error(), HasSubstr("fewer than two photographs"));
  Write("set/images/my photo.png", "2");
  EXPECT_THAT(Error(), HasSubstr("rename the photograph"));
  fs::remove_all(root_);
  WriteCameras();
  fs::remove(root_ / "set/cameras/images/b.png");
  EXPECT_THAT(Error(), HasSubstr("b.png: no such photograph"));
}

}  // namespace
}  // namespace tiepoint
