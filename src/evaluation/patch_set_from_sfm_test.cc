// SPDX-License-Identifier: Apache-2.0
// Photographs of a plane, Z = 0 in the world, rendered from known cameras.
#include "evaluation/patch_set_from_sfm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <set>

#include "evaluation/patch_set.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/features/keypoint.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr double kDegree = std::numbers::pi / 180;
constexpr int kWidth = 320, kHeight = 240;
constexpr double kFocal = 300, kCx = 160, kCy = 118, kK1 = -0.08;

// Blobs and ramps of about a tenth of a unit; a unit is some 75 pixels.
class Texture {
 public:
  Texture() {
    Random random(11);
    for (double& value : grid_) value = random.Uniform(20, 235);
  }
  double At(double x, double y) const {
    const double u = 10 * x + 100, v = 10 * y + 100;
    const int i = static_cast<int>(u), j = static_cast<int>(v);
    const double a = Smooth(u - i), b = Smooth(v - j);
    return (1 - b) * ((1 - a) * Grid(i, j) + a * Grid(i + 1, j)) +
           b * ((1 - a) * Grid(i, j + 1) + a * Grid(i + 1, j + 1));
  }

 private:
  static double Smooth(double t) { return t * t * (3 - 2 * t); }
  double Grid(int i, int j) const {
    return grid_[static_cast<size_t>(j & 127) * 128 + (i & 127)];
  }
  std::array<double, 128 * 128> grid_;
};

// Looks down along -Z from (x, y, height), turned by `turn` about its axis,
// with `tilt` about its x axis.
ColmapImage MakeImage(const std::string& name, double x, double y,
                      double height, double turn, double tilt) {
  const double c = std::cos(turn), s = std::sin(turn);
  const double ct = std::cos(tilt), st = std::sin(tilt);
  ColmapImage image;
  image.camera_id = 1;
  image.name = name;
  // Rx(tilt) Rz(turn) diag(1, -1, -1).
  image.rotation = {c, s, 0, ct * s, -ct * c, st, st * s, -st * c, -ct};
  const auto& r = image.rotation;
  image.translation = {-(r[0] * x + r[1] * y + r[2] * height),
                       -(r[3] * x + r[4] * y + r[5] * height),
                       -(r[6] * x + r[7] * y + r[8] * height)};
  return image;
}

std::array<double, 3> ToCamera(const ColmapImage& image, double x, double y) {
  const auto& r = image.rotation;
  const auto& t = image.translation;
  return {r[0] * x + r[1] * y + t[0], r[3] * x + r[4] * y + t[1],
          r[6] * x + r[7] * y + t[2]};
}

std::array<double, 2> Pixel(const std::array<double, 3>& p) {
  const double x = p[0] / p[2], y = p[1] / p[2];
  const double factor = 1 + kK1 * (x * x + y * y);
  return {kFocal * x * factor + kCx, kFocal * y * factor + kCy};
}

GrayImage Render(const ColmapImage& image) {
  static const Texture texture;
  const auto& r = image.rotation;
  const auto& t = image.translation;
  GrayImage gray(kWidth, kHeight);
  for (int v = 0; v < kHeight; ++v) {
    for (int u = 0; u < kWidth; ++u) {
      const double xd = (u - kCx) / kFocal, yd = (v - kCy) / kFocal;
      double x = xd, y = yd;
      for (int i = 0; i < 20; ++i) {
        const double factor = 1 + kK1 * (x * x + y * y);
        x = xd / factor;
        y = yd / factor;
      }
      // R^T ((x, y, 1) depth - t) has Z = 0.
      const double dz = r[2] * x + r[5] * y + r[8];
      const double tz = r[2] * t[0] + r[5] * t[1] + r[8] * t[2];
      const double depth = tz / dz;
      const double px = depth * x - t[0], py = depth * y - t[1],
                   pz = depth - t[2];
      gray.At(u, v) =
          static_cast<float>(texture.At(r[0] * px + r[3] * py + r[6] * pz,
                                        r[1] * px + r[4] * py + r[7] * pz));
    }
  }
  return gray;
}

void AddPoint(ColmapModel& model, int64_t id, double x, double y) {
  ColmapPoint& point = model.points[id];
  point.position = {x, y, 0};
  for (auto& [image_id, image] : model.images) {
    const auto p = Pixel(ToCamera(image, x, y));
    if (p[0] < 0 || p[1] < 0 || p[0] > kWidth - 1 || p[1] > kHeight - 1) {
      continue;
    }
    point.track.emplace_back(image_id,
                             static_cast<int>(image.observations.size()));
    image.observations.push_back({p[0], p[1], id});
  }
}

// View 2: turned a quarter, nearer; view 3: turned back a little, aslant.
ColmapModel MakeModel() {
  ColmapModel model;
  model.cameras[1] = {
      "SIMPLE_RADIAL", kWidth, kHeight, {kFocal, kCx, kCy, kK1}};
  model.images[1] = MakeImage("one.png", 0, 0, 4, 0, 0);
  model.images[2] = MakeImage("two.png", 0.2, 0.1, 3, 90 * kDegree, 0);
  model.images[3] =
      MakeImage("three.png", -0.1, 0.9, 4, -30 * kDegree, 14 * kDegree);
  int64_t id = 10;
  for (int y = -3; y <= 3; ++y) {
    for (int x = -4; x <= 4; ++x) AddPoint(model, id++, 0.3 * x, 0.3 * y);
  }
  return model;
}

double Difference(const CutPatches& cut, size_t i, size_t j) {
  double sum = 0;
  for (int p = 0; p < kPatchPixels; ++p) {
    sum += std::abs(cut.pixels[i * kPatchPixels + p] -
                    cut.pixels[j * kPatchPixels + p]);
  }
  return sum / kPatchPixels;
}

TEST(PatchSetFromSfmTest, PatchesOfOnePointLookAlike) {
  const CutPatches cut = CutPatchesFromModel(MakeModel(), Render, {});
  ASSERT_GT(cut.places.size(), 60u);
  ASSERT_EQ(cut.pixels.size(), cut.places.size() * kPatchPixels);
  double same = 0, different = 0;
  int num_same = 0, num_different = 0;
  for (size_t i = 0; i < cut.places.size(); ++i) {
    for (size_t j = i + 1; j < cut.places.size(); ++j) {
      const double difference = Difference(cut, i, j);
      if (cut.places[i].point3D_id == cut.places[j].point3D_id) {
        same += difference;
        ++num_same;
      } else {
        different += difference;
        ++num_different;
      }
    }
  }
  same /= num_same;
  different /= num_different;
  // Aslant views and pixels leave some difference.
  EXPECT_LT(same, 12);
  EXPECT_GT(different, 35);
}

TEST(PatchSetFromSfmTest, ScaleAndDirectionFollowTheCameras) {
  std::map<int64_t, std::map<int, PatchPlace>> places;
  for (const PatchPlace& place :
       CutPatchesFromModel(MakeModel(), Render, {}).places) {
    EXPECT_GE(place.sigma, 1.6 - 1e-6);
    EXPECT_LE(place.sigma, 8 + 1e-6);
    places[place.point3D_id][place.image_id] = place;
  }
  int compared = 0;
  for (const auto& [id, views] : places) {
    if (views.count(1) == 0 || views.count(2) == 0) continue;
    const PatchPlace& one = views.at(1);
    const PatchPlace& two = views.at(2);
    // Heights 4 and 3; the lens draws in what lies outside.
    EXPECT_NEAR(two.sigma / one.sigma, 4.0 / 3, 0.05);
    // The second camera is turned by a quarter. A world direction (dx, dy) is
    // (dx, -dy) in the first picture.
    const double turn = WrapAngle(two.angle - one.angle);
    const auto& r = MakeModel().images.at(2).rotation;
    const double dx = std::cos(one.angle), dy = -std::sin(one.angle);
    const double expected =
        std::atan2(r[3] * dx + r[4] * dy, r[0] * dx + r[1] * dy);
    EXPECT_NEAR(std::abs(turn), 90 * kDegree, 3 * kDegree);
    EXPECT_NEAR(WrapAngle(two.angle - expected), 0, 3 * kDegree);
    ++compared;
  }
  EXPECT_GT(compared, 10);
}

TEST(PatchSetFromSfmTest, DirectionIsTheDominantGradient) {
  // A ramp along the world's x axis everywhere.
  ColmapModel model = MakeModel();
  const auto ramp = [](const ColmapImage& image) {
    GrayImage gray(kWidth, kHeight);
    const auto& r = image.rotation;
    for (int v = 0; v < kHeight; ++v) {
      for (int u = 0; u < kWidth; ++u) {
        gray.At(u, v) = static_cast<float>(
            128 + 0.4 * (r[0] * (u - kCx) + r[3] * (v - kCy)));
      }
    }
    return gray;
  };
  for (const PatchPlace& place : CutPatchesFromModel(model, ramp, {}).places) {
    const auto& r = model.images.at(place.image_id).rotation;
    EXPECT_NEAR(WrapAngle(place.angle - std::atan2(r[3], r[0])), 0,
                6 * kDegree);
  }
}

TEST(PatchSetFromSfmTest, PointsOnOneAnotherAreOne) {
  ColmapModel model = MakeModel();
  const size_t before = CutPatchesFromModel(model, Render, {}).places.size();
  // 0.005 units are less than half a pixel. Two more points than needed.
  AddPoint(model, 900, 0.005, 0.3);
  AddPoint(model, 901, 0.3, -0.005);
  const CutPatches cut = CutPatchesFromModel(model, Render, {});
  EXPECT_EQ(cut.places.size(), before);
  EXPECT_LT(cut.places.back().point3D_id, 900);
  const CutPatches both =
      CutPatchesFromModel(model, Render, {.min_distance = 0});
  EXPECT_EQ(both.places.back().point3D_id, 901);
}

TEST(PatchSetFromSfmTest, PatchesStayInsideAndViewsInFront) {
  ColmapModel model = MakeModel();
  // A camera that looks away from the plane, with observations all the same.
  model.images[4] = MakeImage("four.png", 0, 0, -4, 0, 0);
  for (auto& [id, point] : model.points) {
    point.track.emplace_back(
        4, static_cast<int>(model.images[4].observations.size()));
    model.images[4].observations.push_back({160, 120, id});
  }
  const CutPatches cut = CutPatchesFromModel(model, Render, {});
  EXPECT_FALSE(cut.places.empty());
  for (const PatchPlace& place : cut.places) {
    EXPECT_NE(place.image_id, 4);
    for (const double corner : {45.0, 135.0, 225.0, 315.0}) {
      const double reach = 6 * std::numbers::sqrt2 * place.sigma;
      const double a = place.angle + corner * kDegree;
      EXPECT_GE(place.x + reach * std::cos(a), -0.5 - 1e-6);
      EXPECT_GE(place.y + reach * std::sin(a), -0.5 - 1e-6);
      EXPECT_LE(place.x + reach * std::cos(a), kWidth - 0.5 + 1e-6);
      EXPECT_LE(place.y + reach * std::sin(a), kHeight - 0.5 + 1e-6);
    }
  }
}

TEST(PatchSetFromSfmTest, TheSameForEveryNumberOfThreads) {
  SetNumThreads(1);
  const CutPatches one = CutPatchesFromModel(MakeModel(), Render, {});
  SetNumThreads(3);
  const CutPatches three = CutPatchesFromModel(MakeModel(), Render, {});
  SetNumThreads(0);
  EXPECT_EQ(one.pixels, three.pixels);
}

TEST(PatchSetFromSfmTest, APhotographOfAnotherSizeIsAnError) {
  try {
    CutPatchesFromModel(
        MakeModel(), [](const ColmapImage&) { return GrayImage(64, 48); }, {});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("one.png: is 64 x 48 pixels, but its "
                                        "camera in the model 320 x 240"));
  }
}

// --- Files ---

// w x y z of a rotation.
std::array<double, 4> Quaternion(const std::array<double, 9>& r) {
  // Four forms; the one that divides by the largest of the four numbers.
  const std::array<double, 4> squares{
      1 + r[0] + r[4] + r[8], 1 + r[0] - r[4] - r[8], 1 - r[0] + r[4] - r[8],
      1 - r[0] - r[4] + r[8]};
  const auto largest = std::max_element(squares.begin(), squares.end());
  const double s = 2 * std::sqrt(*largest);
  switch (largest - squares.begin()) {
    case 0:
      return {s / 4, (r[7] - r[5]) / s, (r[2] - r[6]) / s, (r[3] - r[1]) / s};
    case 1:
      return {(r[7] - r[5]) / s, s / 4, (r[1] + r[3]) / s, (r[2] + r[6]) / s};
    case 2:
      return {(r[2] - r[6]) / s, (r[1] + r[3]) / s, s / 4, (r[5] + r[7]) / s};
    default:
      return {(r[3] - r[1]) / s, (r[2] + r[6]) / s, (r[5] + r[7]) / s, s / 4};
  }
}

// As COLMAP writes it: its first pixel centre is (0.5, 0.5).
void WriteModel(const ColmapModel& model, const fs::path& folder) {
  std::ofstream cameras(folder / "cameras.txt");
  cameras.precision(17);
  cameras << "1 SIMPLE_RADIAL " << kWidth << " " << kHeight << " " << kFocal
          << " " << kCx + 0.5 << " " << kCy + 0.5 << " " << kK1 << "\n";
  std::ofstream images(folder / "images.txt");
  images.precision(17);
  for (const auto& [id, image] : model.images) {
    images << id;
    for (const double q : Quaternion(image.rotation)) images << " " << q;
    for (const double t : image.translation) images << " " << t;
    images << " 1 " << image.name << "\n";
    for (const auto& o : image.observations) {
      images << o.x + 0.5 << " " << o.y + 0.5 << " " << o.point3D_id << " ";
    }
    images << "\n";
  }
  std::ofstream points(folder / "points3D.txt");
  points.precision(17);
  for (const auto& [id, point] : model.points) {
    points << id;
    for (const double x : point.position) points << " " << x;
    points << " 0 0 0 0.1";
    for (const auto& [image, index] : point.track) {
      points << " " << image << " " << index;
    }
    points << "\n";
  }
}

TEST(PatchSetFromSfmTest, FilesToAPatchSet) {
  const fs::path folder = fs::path(testing::TempDir()) / "patch_set_from_sfm";
  fs::remove_all(folder);
  fs::create_directories(folder / "sparse");
  fs::create_directories(folder / "images");
  const ColmapModel model = MakeModel();
  WriteModel(model, folder / "sparse");
  const auto write = [&] {
    return WritePatchSetFromModel((folder / "sparse").string(),
                                  (folder / "images").string(),
                                  (folder / "set").string(), {});
  };
  try {
    write();
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("one.png: no such file"));
  }
  for (const auto& [id, image] : model.images) {
    const GrayImage gray = Render(image);
    const cv::Mat view(kHeight, kWidth, CV_32F,
                       const_cast<float*>(gray.pixels.data()));
    cv::Mat bytes;
    view.convertTo(bytes, CV_8U);
    cv::imwrite((folder / "images" / image.name).string(), bytes);
  }
  const PatchSetSummary summary = write();
  const CutPatches direct = CutPatchesFromModel(model, Render, {});
  EXPECT_EQ(summary.photographs, 3);
  EXPECT_EQ(summary.patches, static_cast<int>(direct.places.size()));
  const PatchSet set((folder / "set").string());
  EXPECT_EQ(set.NumPatches(), summary.patches);
  EXPECT_EQ(set.Points().back() + 1, summary.points);
  // Places go through text and pixels through 8 bits: little changes.
  const std::vector<uint8_t> pixels = set.ReadMosaic(0);
  double difference = 0;
  for (size_t i = 0; i < pixels.size(); ++i) {
    difference += std::abs(pixels[i] - direct.pixels[i]);
  }
  EXPECT_LT(difference / static_cast<double>(pixels.size()), 2);
  const std::vector<std::string> names = set.MatchFiles();
  ASSERT_EQ(names.size(), 1u);
  const auto pairs = set.ReadPairs(names[0]);
  EXPECT_EQ(static_cast<int>(pairs.size()), summary.pairs);
  // A line a patch and the head.
  std::ifstream places(folder / "set" / "places.csv");
  int lines = 0;
  for (std::string line; std::getline(places, line);) ++lines;
  EXPECT_EQ(lines, summary.patches + 1);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace tiepoint
