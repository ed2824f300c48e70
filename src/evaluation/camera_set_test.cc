// SPDX-License-Identifier: Apache-2.0
#include "evaluation/camera_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;

class CameraSetTest : public testing::Test {
 protected:
  CameraSetTest() : folder_(testing::TempDir() + "camera_set") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~CameraSetTest() override { std::filesystem::remove_all(folder_); }

  std::string Path() const { return folder_ + "/gt_cameras.txt"; }
  void Write(const std::string& text) const { std::ofstream(Path()) << text; }
  std::string Complaint(const std::string& text) const {
    Write(text);
    try {
      ReadGroundTruthCameras(Path());
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  std::string folder_;
};

constexpr char kIdentity[] = " 1 0 0 0 1 0 0 0 1 ";

TEST_F(CameraSetTest, ReadsLinesAndLeavesCommentsOut) {
  Write(
      "# image fx fy ...\n"
      "\n"
      "images/b.jpg 100 110 50 40 .1 .2 .3 .4 0 -1 0 1 0 0 0 0 1 7 8 9\n"
      "  # more\n"
      "images/a.jpg 100 110 50 40 0 0 0 0 1 0 0 0 1 0 0 0 1 0 0 0\r\n");
  const auto cameras = ReadGroundTruthCameras(Path());
  ASSERT_EQ(cameras.size(), 2u);
  EXPECT_EQ(cameras[0].image, folder_ + "/images/b.jpg");
  EXPECT_EQ(cameras[0].fx, 100);
  EXPECT_EQ(cameras[0].fy, 110);
  EXPECT_EQ(cameras[0].cx, 50);
  EXPECT_EQ(cameras[0].cy, 40);
  EXPECT_THAT(cameras[0].distortion, ElementsAre(.1, .2, .3, .4));
  EXPECT_THAT(
      cameras[0].rotation,
      Pointwise(DoubleNear(1e-15), Matrix3{0, -1, 0, 1, 0, 0, 0, 0, 1}));
  EXPECT_THAT(cameras[0].translation, ElementsAre(7, 8, 9));
  EXPECT_EQ(cameras[1].image, folder_ + "/images/a.jpg");
}

TEST_F(CameraSetTest, RoundedRotationsBecomeExact) {
  // 30 degrees about z, three digits.
  Write("a 1 1 0 0 0 0 0 0 .866 -.5 0 .5 .866 0 0 0 1 0 0 0");
  const Matrix3 r = ReadGroundTruthCameras(Path())[0].rotation;
  EXPECT_NEAR(r[0] * r[0] + r[3] * r[3], 1, 1e-15);
  EXPECT_NEAR(r[0], std::cos(std::numbers::pi / 6), 1e-4);
}

TEST_F(CameraSetTest, DamageIsNamedWithItsLine) {
  const std::string head = "a.jpg 100 100 50 50 0 0 0 0";
  EXPECT_THAT(Complaint(head + kIdentity + "0 0"), HasSubstr("line 1"));
  EXPECT_THAT(Complaint("#\n" + head + kIdentity + "0 0 0 0"),
              HasSubstr("line 2"));
  EXPECT_THAT(Complaint(head + kIdentity + "0 0 x"), HasSubstr("not a camera"));
  EXPECT_THAT(Complaint(head + kIdentity + "0 0 nan"),
              HasSubstr("not a camera"));
  EXPECT_THAT(Complaint("a 0 1 0 0 0 0 0 0" + std::string(kIdentity) + "0 0 0"),
              HasSubstr("focal length"));
  EXPECT_THAT(Complaint(head + " 1 0 0 0 1 0 0 0 -1 0 0 0"),
              HasSubstr("not a rotation"));
  EXPECT_THAT(Complaint(head + " 1.1 0 0 0 1 0 0 0 1 0 0 0"),
              HasSubstr("not a rotation"));
  EXPECT_THAT(
      Complaint(head + kIdentity + "0 0 0\n" + head + kIdentity + "1 0 0\n"),
      HasSubstr("line 2"));
  EXPECT_THROW(ReadGroundTruthCameras(folder_ + "/none.txt"), InputError);
}

TEST(CameraTest, DistortionByHand) {
  // (x, y) = (0.5, 0): r^2 = 0.25; radial 1 + 0.1 0.25 + 0.2 0.0625 = 1.0375;
  // x' = 0.51875 + 0.02 (0.25 + 0.5) = 0.53375, y' = 0.01 0.25 = 0.0025.
  GroundTruthCamera camera;
  camera.fx = 100;
  camera.fy = 200;
  camera.cx = 10;
  camera.cy = 20;
  camera.distortion = {0.1, 0.2, 0.01, 0.02};
  const auto [x, y] = Distorted(camera, 60, 20);
  EXPECT_NEAR(x, 63.375, 1e-12);
  EXPECT_NEAR(y, 20.5, 1e-12);
}

TEST(CameraTest, UndistortedIsTheInverse) {
  GroundTruthCamera camera;
  camera.fx = 1031.64;
  camera.fy = 1030.87;
  camera.cx = 540;
  camera.cy = 960;
  Random random(1);
  for (const std::array<double, 4>& distortion :
       {std::array<double, 4>{},
        {0.058, -0.081, -0.001, 0.0002},
        {-0.3, 0.08, 0.002, -0.003}}) {
    camera.distortion = distortion;
    for (int k = 0; k < 200; ++k) {
      const double x = random.Uniform(0, 1080);
      const double y = random.Uniform(0, 1920);
      const auto [u, v] = Undistorted(camera, x, y);
      const auto [back_x, back_y] = Distorted(camera, u, v);
      EXPECT_NEAR(back_x, x, 1e-9);
      EXPECT_NEAR(back_y, y, 1e-9);
    }
  }
}

TEST(CameraTest, WhereNothingIsSeenThereIsNoPlace) {
  // x (1 - 0.3 x^2) is never above 0.703.
  GroundTruthCamera camera;
  camera.distortion = {-0.3, 0, 0, 0};
  EXPECT_FALSE(std::isnan(Undistorted(camera, 0.6, 0)[0]));
  EXPECT_TRUE(std::isnan(Undistorted(camera, 0.8, 0)[0]));
}

TEST(CameraTest, RelativePoseByHand) {
  // Both look along +z; the second stands at (1, 0, 0), then is turned by 90
  // degrees about z: X2 = Rz (X - C).
  GroundTruthCamera first, second;
  first.translation = {0, 0, 2};  // centre (0, 0, -2)
  second.rotation = {0, -1, 0, 1, 0, 0, 0, 0, 1};
  second.translation = {0, -1, 0};  // -Rz (1, 0, 0)
  // X1 = X + (0, 0, 2), so X2 = Rz X1 - Rz (0, 0, 2) + (0, -1, 0).
  const RelativePose pose = RelativePoseOf(first, second);
  EXPECT_THAT(pose.rotation, Pointwise(DoubleNear(1e-15), second.rotation));
  const double s = 1 / std::sqrt(5.0);
  EXPECT_THAT(pose.translation,
              Pointwise(DoubleNear(1e-15), std::array{0.0, -s, -2 * s}));
  EXPECT_NEAR(ViewingAngle(first, second), 0, 1e-12);
}

TEST(CameraTest, OneCentreHasNoDirection) {
  GroundTruthCamera first, second;
  second.rotation = {0, 0, -1, 0, 1, 0, 1, 0, 0};
  EXPECT_THAT(RelativePoseOf(first, second).translation, ElementsAre(0, 0, 0));
  EXPECT_NEAR(ViewingAngle(first, second), 90, 1e-12);
}

}  // namespace
}  // namespace tiepoint
