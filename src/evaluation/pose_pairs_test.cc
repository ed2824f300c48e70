// SPDX-License-Identifier: Apache-2.0
#include "evaluation/pose_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;

class PosePairsTest : public testing::Test {
 protected:
  PosePairsTest() : root_(fs::path(testing::TempDir()) / "pose_pairs" / "set") {
    fs::remove_all(root_.parent_path());
    fs::create_directories(root_);
  }
  ~PosePairsTest() override { fs::remove_all(root_.parent_path()); }

  void Write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  // Cameras on an arc around the origin that look at it, one every `degrees`.
  void WriteArc(const std::string& sequence, int count, double degrees) const {
    std::string text;
    for (int k = 0; k < count; ++k) {
      const double a = k * degrees * std::numbers::pi / 180;
      const std::string name = "images/" + std::to_string(100 + k) + ".png";
      Write(sequence + "/" + name, "");
      char line[300];
      std::snprintf(line, sizeof(line),
                    "%s 100 100 50 50 0 0 0 0 %.12f 0 %.12f 0 1 0 %.12f 0 "
                    "%.12f 0 0 5\n",
                    name.c_str(), std::cos(a), -std::sin(a), std::sin(a),
                    std::cos(a));
      text += line;
    }
    Write(sequence + "/gt_cameras.txt", text);
  }
  std::string Complaint(const std::string& path) const {
    try {
      FindPosePairs(path, {});
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  std::vector<std::string> Names(const PosePairOptions& options) const {
    std::vector<std::string> names;
    for (const PosePair& pair : FindPosePairs(root_.string(), options)) {
      names.push_back(pair.sequence + " " + pair.name);
    }
    return names;
  }

  fs::path root_;
};

TEST_F(PosePairsTest, CamerasArePairedByAngle) {
  WriteArc("arc", 5, 15);
  EXPECT_THAT(Names({.min_angle = 20, .max_angle = 50}),
              ElementsAre("arc 100-102", "arc 100-103", "arc 101-103",
                          "arc 101-104", "arc 102-104"));
  const auto pair = FindPosePairs(root_.string(), {}).front();
  EXPECT_EQ(pair.set, "set");
  EXPECT_EQ(pair.sequence, "arc");
  EXPECT_EQ(pair.name, "100-101");
  EXPECT_NEAR(pair.angle, 15, 1e-6);
  EXPECT_NEAR(pair.cam2_from_cam1.RotationAngle() * 180 / std::numbers::pi, 15,
              1e-6);
  EXPECT_EQ(pair.camera1.image, (root_ / "arc/images/100.png").string());
}

TEST_F(PosePairsTest, ManyCandidatesAreThinnedEvenly) {
  // 20 pairs of neighbours 10 degrees apart; of 20, those at 2, 7, 12, 17.
  WriteArc("arc", 21, 10);
  EXPECT_THAT(
      Names({.min_angle = 9, .max_angle = 11, .max_pairs = 4}),
      ElementsAre("arc 102-103", "arc 107-108", "arc 112-113", "arc 117-118"));
  EXPECT_EQ(Names({.min_angle = 9, .max_angle = 11, .max_pairs = 0}).size(),
            20u);
}

TEST_F(PosePairsTest, NamesDoNotDependOnTheFolderThatIsGiven) {
  WriteArc("a", 2, 20);
  WriteArc("deep/b", 2, 20);
  const auto all = FindPosePairs(root_.string() + "/", {});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].set, "deep");
  const auto one = FindPosePairs((root_ / "deep/b").string(), {});
  EXPECT_EQ(one[0].set, all[1].set);
  EXPECT_EQ(one[0].sequence, all[1].sequence);
}

TEST_F(PosePairsTest, PairsWithoutBaselineAreLeftOut) {
  WriteArc("arc", 2, 20);
  // The same place, turned by 30 degrees.
  Write("turn/a.png", "");
  Write("turn/b.png", "");
  Write("turn/gt_cameras.txt",
        "a.png 1 1 0 0 0 0 0 0 1 0 0 0 1 0 0 0 1 0 0 0\n"
        "b.png 1 1 0 0 0 0 0 0 .866 0 .5 0 1 0 -.5 0 .866 0 0 0\n");
  EXPECT_THAT(Names({}), ElementsAre("arc 100-101"));
}

constexpr char kIntrinsics[] = " 100 0 50 0 110 40 0 0 1 ";

TEST_F(PosePairsTest, ListsOfSuperGlue) {
  Write("pictures/a.png", "");
  Write("pictures/b.png", "");
  Write("pictures/c.png", "");
  const std::string pose = "0 0 1 3 0 1 0 0 -1 0 0 4 0 0 0 1";
  Write("test_pairs_gt.txt", std::string("a.png b.png 0 0") + kIntrinsics +
                                 kIntrinsics + pose + "\na.png c.png 0 1" +
                                 kIntrinsics + kIntrinsics + pose + "\n");
  // Not such a list: passed over.
  Write("other_pairs.txt", "a.png b.png\n");
  const auto pairs = FindPosePairs(
      root_.string(), {.list_images = (root_ / "pictures").string()});
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].sequence, "test_pairs_gt");
  EXPECT_EQ(pairs[0].name, "a-b");
  EXPECT_EQ(pairs[0].camera2.fy, 110);
  EXPECT_EQ(pairs[0].camera2.cx, 50);
  EXPECT_EQ(pairs[0].camera2.cy, 40);
  EXPECT_THAT(pairs[0].cam2_from_cam1.rotation,
              testing::Pointwise(testing::DoubleNear(1e-15),
                                 Matrix3{0, 0, 1, 0, 1, 0, -1, 0, 0}));
  EXPECT_THAT(pairs[0].cam2_from_cam1.translation,
              testing::Pointwise(testing::DoubleNear(1e-15),
                                 std::array{0.6, 0.0, 0.8}));
  EXPECT_FALSE(pairs[0].sideways);
  EXPECT_TRUE(pairs[1].sideways);
  EXPECT_THAT(Complaint((root_ / "test_pairs_gt.txt").string()),
              HasSubstr("a.png: no such photograph"));
}

TEST_F(PosePairsTest, DamagedListsAreNamed) {
  const std::string good = std::string("a b 0 0") + kIntrinsics + kIntrinsics +
                           "1 0 0 1 0 1 0 0 0 0 1 0 0 0 0 1\n";
  const std::string list = (root_ / "pairs.txt").string();
  Write("pairs.txt", good + "a b 0 0\n");
  EXPECT_THAT(Complaint(list), HasSubstr("line 2: has 4 fields"));
  Write("pairs.txt", good + good);
  EXPECT_THAT(Complaint(list), HasSubstr("listed already"));
  std::string bad = good;
  bad.replace(bad.find("110"), 3, "1x0");
  Write("pairs.txt", bad);
  EXPECT_THAT(Complaint(list), HasSubstr("\"1x0\" is not a number"));
}

// Two cameras at x = 0 and x = 4 that look along +z at points near z = 8: seen
// 28 degrees apart, though they look the same way.
TEST_F(PosePairsTest, ModelsArePairedByPointsAndParallax) {
  Write("model/sparse/cameras.txt",
        "1 SIMPLE_RADIAL 100 80 90 50.5 40.5 0.1\n"
        "2 OPENCV 100 80 90 95 50.5 40.5 0.1 0.2 0.3 0.4\n");
  std::string observations, points;
  for (int k = 1; k <= 60; ++k) {
    const std::string id = std::to_string(k);
    observations += "20 30 " + id + " ";
    points += id + " 2 0 8 0 0 0 1 1 " + std::to_string(k - 1) + " 2 " +
              std::to_string(k - 1) + "\n";
  }
  Write("model/sparse/images.txt", "1 1 0 0 0 0 0 0 1 a.png\n" + observations +
                                       "\n2 1 0 0 0 -4 0 0 2 b.png\n" +
                                       observations + "\n");
  Write("model/sparse/points3D.txt", points);
  Write("model/images/a.png", "");
  Write("model/images/b.png", "");
  const auto pairs = FindPosePairs(root_.string(), {});
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].shared_points, 60);
  EXPECT_NEAR(pairs[0].angle, 2 * std::atan(0.25) * 180 / std::numbers::pi,
              1e-9);
  EXPECT_THAT(pairs[0].cam2_from_cam1.translation, ElementsAre(-1, 0, 0));
  const GroundTruthCamera& first = pairs[0].camera1;
  EXPECT_EQ(first.fx, 90);
  EXPECT_EQ(first.fy, 90);
  EXPECT_EQ(first.cx, 50);
  EXPECT_EQ(first.cy, 40);
  EXPECT_THAT(first.distortion, ElementsAre(0.1, 0, 0, 0));
  const GroundTruthCamera& second = pairs[0].camera2;
  EXPECT_EQ(second.fx, 90);
  EXPECT_EQ(second.fy, 95);
  EXPECT_EQ(second.cx, 50);
  EXPECT_THAT(second.distortion, ElementsAre(0.1, 0.2, 0.3, 0.4));
  EXPECT_THROW(FindPosePairs(root_.string(), {.min_shared_points = 61}),
               InputError);
}

TEST_F(PosePairsTest, UnusableFoldersAndOptionsAreRefused) {
  EXPECT_THAT(Complaint(root_.string()), HasSubstr("no pairs"));
  EXPECT_THAT(Complaint((root_ / "none").string()),
              HasSubstr("no such folder"));
  WriteArc("arc", 3, 15);
  fs::remove(root_ / "arc/images/101.png");
  EXPECT_THAT(Complaint(root_.string()), HasSubstr("101.png"));
  EXPECT_THROW(
      FindPosePairs(root_.string(), {.min_angle = 20, .max_angle = 10}),
      InputError);
}

}  // namespace
}  // namespace tiepoint
