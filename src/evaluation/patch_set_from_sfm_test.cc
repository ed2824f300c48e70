// SPDX-License-Identifier: Apache-2.0
#include "evaluation/patch_set_from_sfm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/io/patch_set.h"
#include "tiepoint/pipeline/synthetic_plane.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using namespace synthetic_plane;
using testing::HasSubstr;

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
  std::map<int64_t, std::map<int, SfmPlace>> places;
  for (const SfmPlace& place :
       CutPatchesFromModel(MakeModel(), Render, {}).places) {
    EXPECT_GE(place.sigma, 1.6 - 1e-6);
    EXPECT_LE(place.sigma, 8 + 1e-6);
    places[place.point3D_id][place.image_id] = place;
  }
  int compared = 0;
  for (const auto& [id, views] : places) {
    if (views.count(1) == 0 || views.count(2) == 0) continue;
    const SfmPlace& one = views.at(1);
    const SfmPlace& two = views.at(2);
    // Heights 4 and 3; the lens draws in what lies outside.
    EXPECT_NEAR(two.sigma / one.sigma, 4.0 / 3, 0.05);
    // The second camera is turned by a quarter. A world direction (dx, dy) is
    // (dx, -dy) in the first picture.
    const double turn = WrapAngle(two.angle - one.angle);
    const auto r = MakeModel().images.at(2).rotation;
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
  for (const SfmPlace& place : CutPatchesFromModel(model, ramp, {}).places) {
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
  SfmPatchOptions options;
  options.min_distance = 0;
  const CutPatches both = CutPatchesFromModel(model, Render, options);
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
  for (const SfmPlace& place : cut.places) {
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
  WritePhotographs(model, folder / "images");
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
