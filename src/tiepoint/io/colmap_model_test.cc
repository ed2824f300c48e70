// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;

// The bytes of numbers, one after the other.
std::string Bytes() { return ""; }
template <typename T, typename... Rest>
std::string Bytes(T value, Rest... rest) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(T)) +
         Bytes(rest...);
}

// Two cameras, two images, one point that both see, written by hand.
constexpr char kCameras[] =
    "# Camera list\n"
    "1 SIMPLE_RADIAL 640 480 500 320 240 -0.1\n"
    "7 OPENCV 100 50 90 91 50 25 0.1 0.2 0.3 0.4\n";
// The second image is turned by 90 degrees about z: q = (sqrt(1/2), 0, 0,
// sqrt(1/2)), here not of unit length. Its second line is empty but for one
// observation; the name of the first holds a blank.
constexpr char kImages[] =
    "# Image list\n"
    "#   POINTS2D[] as (X, Y, POINT3D_ID)\n"
    "3 1 0 0 0 0.5 -1 2 1 left/photo 1.jpg\n"
    "10.5 20.25 -1 100 200 42\n"
    "\n"
    "4 2 0 0 2 0 0 0 7 right.jpg\n"
    "0.5 0.5 42\n"
    "5 1 0 0 0 0 0 0 7 empty.jpg\n"
    "\n";
constexpr char kPoints[] = "42 1 2 3 255 128 0 0.75 3 1 4 0\n";

std::string CamerasBinary() {
  return Bytes(uint64_t{2}, uint32_t{1}, int32_t{2}, uint64_t{640},
               uint64_t{480}, 500.0, 320.0, 240.0, -0.1) +
         Bytes(uint32_t{7}, int32_t{4}, uint64_t{100}, uint64_t{50}, 90.0, 91.0,
               50.0, 25.0, 0.1, 0.2, 0.3, 0.4);
}
std::string ImagesBinary() {
  return Bytes(uint64_t{3}, uint32_t{3}, 1.0, 0.0, 0.0, 0.0, 0.5, -1.0, 2.0,
               uint32_t{1}) +
         std::string("left/photo 1.jpg\0", 17) +
         Bytes(uint64_t{2}, 10.5, 20.25, ~uint64_t{0}, 100.0, 200.0,
               uint64_t{42}) +
         Bytes(uint32_t{4}, 2.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, uint32_t{7}) +
         std::string("right.jpg\0", 10) +
         Bytes(uint64_t{1}, 0.5, 0.5, uint64_t{42}) +
         Bytes(uint32_t{5}, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, uint32_t{7}) +
         std::string("empty.jpg\0", 10) + Bytes(uint64_t{0});
}
std::string PointsBinary() {
  return Bytes(uint64_t{1}, uint64_t{42}, 1.0, 2.0, 3.0, uint8_t{255},
               uint8_t{128}, uint8_t{0}, 0.75, uint64_t{2}, uint32_t{3},
               uint32_t{1}, uint32_t{4}, uint32_t{0});
}

class ColmapModelTest : public ::testing::Test {
 protected:
  ColmapModelTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_colmap_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ColmapModelTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  void WriteText() const {
    Write("cameras.txt", kCameras);
    Write("images.txt", kImages);
    Write("points3D.txt", kPoints);
  }
  void WriteBinary() const {
    Write("cameras.bin", CamerasBinary());
    Write("images.bin", ImagesBinary());
    Write("points3D.bin", PointsBinary());
  }
  ColmapModel Read() const { return ReadColmapModel(folder_); }
  // One line that names the file and says what is wrong.
  void ExpectRefused(const std::string& file, const std::string& word) const {
    EXPECT_THAT([&] { Read(); }, ThrowsMessage<InputError>(
                                     AllOf(HasSubstr(folder_.string()),
                                           HasSubstr(file), HasSubstr(word))));
  }

  fs::path folder_;
};

void ExpectTheModel(const ColmapModel& model) {
  ASSERT_EQ(model.cameras.size(), 2u);
  const ColmapCamera& radial = model.cameras.at(1);
  EXPECT_EQ(radial.model, "SIMPLE_RADIAL");
  EXPECT_EQ(radial.width, 640);
  EXPECT_EQ(radial.height, 480);
  EXPECT_THAT(radial.params, ElementsAre(500, 319.5, 239.5, -0.1));
  EXPECT_THAT(model.cameras.at(7).params,
              ElementsAre(90, 91, 49.5, 24.5, 0.1, 0.2, 0.3, 0.4));

  ASSERT_EQ(model.images.size(), 3u);
  const ColmapImage& left = model.images.at(3);
  EXPECT_EQ(left.name, "left/photo 1.jpg");
  EXPECT_EQ(left.camera_id, 1);
  EXPECT_THAT(left.rotation, ElementsAre(1, 0, 0, 0, 1, 0, 0, 0, 1));
  EXPECT_THAT(left.translation, ElementsAre(0.5, -1, 2));
  ASSERT_EQ(left.observations.size(), 2u);
  EXPECT_EQ(left.observations[0].x, 10);
  EXPECT_EQ(left.observations[0].y, 19.75);
  EXPECT_EQ(left.observations[0].point3D_id, -1);
  EXPECT_EQ(left.observations[1].point3D_id, 42);
  // A quarter turn about z takes x to y and y to -x.
  const std::array<double, 9> quarter = {0, -1, 0, 1, 0, 0, 0, 0, 1};
  EXPECT_THAT(model.images.at(4).rotation,
              Pointwise(DoubleNear(1e-15), quarter));
  EXPECT_EQ(model.images.at(4).observations[0].x, 0);
  EXPECT_TRUE(model.images.at(5).observations.empty());

  ASSERT_EQ(model.points.size(), 1u);
  const ColmapPoint& point = model.points.at(42);
  EXPECT_THAT(point.position, ElementsAre(1, 2, 3));
  EXPECT_EQ(point.error, 0.75);
  EXPECT_THAT(point.colour, ElementsAre(255, 128, 0));
  EXPECT_THAT(point.track, ElementsAre(Pair(3, 1), Pair(4, 0)));
}

TEST_F(ColmapModelTest, TextAndBinaryAreTheSameModel) {
  WriteText();
  ExpectTheModel(Read());
  fs::remove(folder_ / "cameras.txt");
  WriteBinary();
  ExpectTheModel(Read());
}

// Rotations are rotations: (w, x, y, z) = (1, 2, 3, 4) / sqrt(30), by hand.
TEST_F(ColmapModelTest, RotationOfAGeneralQuaternion) {
  WriteText();
  Write("images.txt", "3 1 2 3 4 0 0 0 1 a.jpg\n\n");
  Write("points3D.txt", "");
  const std::array<double, 9> truth = {-20 / 30.0, 4 / 30.0,   22 / 30.0,
                                       20 / 30.0,  -10 / 30.0, 20 / 30.0,
                                       10 / 30.0,  28 / 30.0,  4 / 30.0};
  EXPECT_THAT(Read().images.at(3).rotation,
              Pointwise(DoubleNear(1e-15), truth));
}

TEST_F(ColmapModelTest, LinesOfWindowsAreRead) {
  WriteText();
  Write("images.txt", "3 1 0 0 0 0 0 0 1 a b.jpg\r\n\r\n");
  Write("points3D.txt", "\r\n");
  EXPECT_EQ(Read().images.at(3).name, "a b.jpg");
}

TEST_F(ColmapModelTest, MissingFiles) {
  EXPECT_THROW(ReadColmapModel("/nonexistent"), InputError);
  ExpectRefused("", "holds no COLMAP model");
  WriteText();
  fs::remove(folder_ / "points3D.txt");
  ExpectRefused("points3D.txt", "cannot be opened");
}

TEST_F(ColmapModelTest, OtherCameraModels) {
  WriteText();
  Write("cameras.txt", "1 OPENCV_FISHEYE 100 50 90 91 50 25 0 0 0 0\n");
  ExpectRefused("cameras.txt: line 1", "OPENCV_FISHEYE");
  Write("cameras.txt", "1 PINHOLE 100 50 90 91 50\n");
  ExpectRefused("cameras.txt: line 1", "4 parameters, not 3");
  WriteBinary();
  Write("cameras.bin", Bytes(uint64_t{1}, uint32_t{1}, int32_t{5}));
  ExpectRefused("cameras.bin", "number 5");
}

TEST_F(ColmapModelTest, BinaryFilesCutAnywhereAreTruncated) {
  WriteBinary();
  for (const auto& [name, whole] :
       {std::pair(std::string("cameras.bin"), CamerasBinary()),
        std::pair(std::string("images.bin"), ImagesBinary()),
        std::pair(std::string("points3D.bin"), PointsBinary())}) {
    for (size_t size = 0; size < whole.size(); size += 3) {
      Write(name, whole.substr(0, size));
      ExpectRefused(name, "truncated");
    }
    Write(name, whole + '\0');
    ExpectRefused(name, "trailing bytes");
    Write(name, whole);
  }
  ExpectTheModel(Read());
}

TEST_F(ColmapModelTest, DamagedText) {
  WriteText();
  Write("images.txt", "3 1 0 0 0 0.5 -1 2 1 left.jpg\n");
  ExpectRefused("images.txt", "truncated");
  Write("images.txt", "3 1 0 0 0 0.5 -1\n\n");
  ExpectRefused("images.txt: line 1", "too short");
  Write("images.txt", "3 1 0 0 0 0.5 -1 2 1 left.jpg\n1 2\n");
  ExpectRefused("images.txt: line 2", "too short");
  Write("images.txt", "3 1 0 0 0 0.5 x 2 1 left.jpg\n\n");
  ExpectRefused("images.txt: line 1", "'x'");
  Write("images.txt", "3 0 0 0 0 0.5 0 2 1 left.jpg\n\n");
  ExpectRefused("images.txt: line 1", "quaternion");
  Write("images.txt", "3 1 0 0 0 nan 0 2 1 left.jpg\n\n");
  ExpectRefused("images.txt: line 1", "not finite");
  Write("images.txt", kImages);
  Write("points3D.txt", "42 1 2 3 255 128 0 0.75 3\n");
  ExpectRefused("points3D.txt: line 1", "too short");
}

TEST_F(ColmapModelTest, ReferencesExist) {
  WriteText();
  Write("points3D.txt", "");
  ExpectRefused("image 3", "point 42");
  Write("points3D.txt", "42 1 2 3 255 128 0 0.75 3 2\n");
  ExpectRefused("point 42 in image 3", "observation 2");
  Write("points3D.txt", "42 1 2 3 255 128 0 0.75 9 0\n");
  ExpectRefused("point 42", "image 9");
  Write("cameras.txt", "1 SIMPLE_PINHOLE 640 480 500 320 240\n");
  ExpectRefused("image 4", "camera 7");
}

}  // namespace
}  // namespace tiepoint
