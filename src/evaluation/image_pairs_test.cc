// SPDX-License-Identifier: Apache-2.0
#include "evaluation/image_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class ImagePairsTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() /
            ("tiepoint_image_pairs_" + std::to_string(getpid()));
    for (const char* file :
         {"oxford_affine/graf/img1.png", "oxford_affine/graf/img2.png",
          "oxford_affine/graf/img3.png", "hpatches/view/v_wall/1.ppm",
          "hpatches/view/v_wall/2.ppm", "webcam/meta.json",
          "webcam/mexico/d.jpg", "webcam/mexico/a.jpg", "webcam/mexico/c.JPG",
          "webcam/mexico/b.jpg", "webcam/mexico/e.jpg", "few/three/1.jpg",
          "few/three/2.jpg", "few/three/3.jpg",
          // Other protocols.
          "pose/fox/gt_cameras.txt", "pose/fox/images/1.jpg",
          "pose/fox/images/2.jpg", "pose/fox/images/3.jpg",
          "pose/fox/images/4.jpg", "sfm/bus/sparse/images.txt",
          "sfm/bus/images/1.jpg", "sfm/bus/images/2.jpg",
          "sfm/bus/images/3.jpg", "sfm/bus/images/4.jpg", "patches/i_x/ref.png",
          "patches/i_x/e1.png", "patches/i_x/e2.png", "patches/i_x/e3.png"}) {
      Write(file);
    }
    Write("oxford_affine/graf/H1to3p", "1 0 3 0 1 0 0 0 1");
    Write("oxford_affine/graf/H1to2p", "1 0 2 0 1 0 0 0 1");
    Write("hpatches/view/v_wall/H_1_2", "1 0 5 0 1 0 0 0 1");
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& name, const std::string& text = "x") const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  std::string At(const std::string& name) const {
    return (root_ / name).string();
  }

  // "set/sequence name", of pairs in the folders.
  std::vector<std::string> Names(const std::vector<std::string>& folders,
                                 const std::vector<std::string>& names = {}) {
    std::vector<std::string> result;
    for (const ImagePair& p : FindImagePairs(folders, {names})) {
      result.push_back(p.set + "|" + p.sequence + "|" + p.name);
    }
    return result;
  }

  std::string Message(const std::string& folder,
                      const std::vector<std::string>& names = {}) {
    try {
      FindImagePairs({folder}, {names});
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  fs::path root_;
};

TEST_F(ImagePairsTest, NamesSetsWhateverFolderIsGiven) {
  EXPECT_THAT(Names({At("")}),
              ElementsAre("hpatches|view/v_wall|1-2", "oxford_affine|graf|1-2",
                          "oxford_affine|graf|1-3", "webcam|mexico|1-3",
                          "webcam|mexico|2-4"));
  EXPECT_THAT(Names({At("oxford_affine/")}),
              ElementsAre("oxford_affine|graf|1-2", "oxford_affine|graf|1-3"));
  EXPECT_THAT(Names({At("oxford_affine/graf")}),
              ElementsAre("oxford_affine|graf|1-2", "oxford_affine|graf|1-3"));
  // What is given twice counts once.
  EXPECT_THAT(Names({At("webcam"), At("webcam/mexico")}),
              ElementsAre("webcam|mexico|1-3", "webcam|mexico|2-4"));
}

TEST_F(ImagePairsTest, FixedCamerasPairTheirHalves) {
  const auto pairs = FindImagePairs({At("webcam")});
  ASSERT_EQ(pairs.size(), 2u);  // of five; the last is left over
  EXPECT_TRUE(pairs[0].fixed_camera);
  EXPECT_EQ(fs::path(pairs[0].path1).filename(), "a.jpg");
  EXPECT_EQ(fs::path(pairs[0].path2).filename(), "c.JPG");
  EXPECT_EQ(fs::path(pairs[1].path1).filename(), "b.jpg");
  EXPECT_EQ(fs::path(pairs[1].path2).filename(), "d.jpg");
  EXPECT_EQ(pairs[0].homography, (Matrix3{1, 0, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_FALSE(FindImagePairs({At("oxford_affine")})[0].fixed_camera);
}

TEST_F(ImagePairsTest, PairsAreChosenByName) {
  EXPECT_THAT(Names({At("")}, {"1-2"}), ElementsAre("hpatches|view/v_wall|1-2",
                                                    "oxford_affine|graf|1-2"));
  EXPECT_THAT(Message(At(""), {"1-9"}), HasSubstr("1-9"));
  for (const char* bad : {"2", "1-", "2-1", "1-2x", "a-b", "0-1"}) {
    EXPECT_THAT(Message(At(""), {bad}), HasSubstr("is not a pair"));
  }
}

TEST_F(ImagePairsTest, PassesOverOtherProtocols) {
  for (const char* other : {"pose", "pose/fox", "pose/fox/images", "sfm",
                            "sfm/bus/images", "patches", "few"}) {
    EXPECT_THAT(Message(At(other)), HasSubstr("no homography sequence"))
        << other;
  }
  EXPECT_THAT(Message(At("none")), HasSubstr("no such folder"));
}

TEST_F(ImagePairsTest, SweepsTakeTheFirstOfEachSequence) {
  std::vector<std::string> names;
  for (const ScenePhotograph& p : FindScenePhotographs(
           {At("pose"), At("webcam"), At("oxford_affine/graf"),
            At("few/three/2.jpg"), At("pose/fox/images/3.jpg")})) {
    names.push_back(p.set + "|" + p.sequence + "|" +
                    fs::path(p.path).filename().string());
  }
  EXPECT_THAT(names, ElementsAre("pose|fox|1.jpg", "webcam|mexico|a.jpg",
                                 "oxford_affine|graf|img1.png", "three|2|2.jpg",
                                 "fox|3|3.jpg"));
  EXPECT_THROW(FindScenePhotographs({At("patches")}), InputError);
  EXPECT_THROW(FindScenePhotographs({At("none")}), InputError);
}

TEST_F(ImagePairsTest, ItemsLeadBackToTheirPairs) {
  const PairList list(FindImagePairs({At("oxford_affine")}));
  ASSERT_EQ(list.Items().size(), 2u);
  const Item& item = list.Items()[1];
  EXPECT_EQ(item.set, "oxford_affine");
  EXPECT_EQ(item.sequence, "graf");
  EXPECT_EQ(item.name, "1-3");
  EXPECT_EQ(list.Of(item).homography[2], 3);
  const uint64_t before = list.TruthChecksum();
  Write("oxford_affine/graf/H1to3p", "1 0 3 0 1 1e-9 0 0 1");
  EXPECT_NE(PairList(FindImagePairs({At("oxford_affine")})).TruthChecksum(),
            before);
}

}  // namespace
}  // namespace tiepoint
