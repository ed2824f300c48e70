// SPDX-License-Identifier: Apache-2.0
#include "training/tilde_stacks.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tiepoint/base/error.h"
#include "tiepoint/features/grad_luv.h"
#include "tiepoint/image/filter.h"
#include "training/blob_photograph.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

class TildeStacksTest : public ::testing::Test {
 protected:
  TildeStacksTest() {
    fs::create_directories(folder_);
    for (const int i : {0, 1}) {
      paths_.push_back(folder_ / (std::to_string(i) + ".png"));
      WriteBlobPhotograph(paths_.back(), 330, 240, 40 + i);
    }
    options_.stacks = 2;
    options_.lights = 3;
  }
  ~TildeStacksTest() override { fs::remove_all(folder_); }

  fs::path folder_ = fs::temp_directory_path() /
                     ("tiepoint_stacks_" + std::to_string(getpid()));
  std::vector<std::string> paths_;
  TildeStackOptions options_;
};

TEST_F(TildeStacksTest, ABatchDependsOnSeedAndIndexAlone) {
  const PhotographStore store(paths_, 1024);
  const TildeStacks batch = MakeTildeStacks(store, {0, 1}, options_, 7, 3);
  const size_t side = options_.side + TildeStacks::kFilter - 1;
  EXPECT_EQ(batch.channels.size(), 2 * 3 * 6 * side * side);
  EXPECT_EQ(batch.channels,
            MakeTildeStacks(store, {0, 1}, options_, 7, 3).channels);
  EXPECT_NE(batch.channels,
            MakeTildeStacks(store, {0, 1}, options_, 7, 4).channels);
  EXPECT_NE(batch.channels,
            MakeTildeStacks(store, {0, 1}, options_, 8, 3).channels);
}

// Blobs are found in any light, and lie where a whole filter fits around them.
TEST_F(TildeStacksTest, PlacesLieWithinTheScoreMaps) {
  const PhotographStore store(paths_, 1024);
  for (int index = 0; index < 4; ++index) {
    const TildeStacks batch =
        MakeTildeStacks(store, {0, 1}, options_, 1, index);
    EXPECT_GE(batch.places.size(), 4u);
    EXPECT_LE(batch.places.size(), 2u * options_.places);
    for (const TildeStacks::Place& p : batch.places) {
      EXPECT_GE(p.stack, 0);
      EXPECT_LT(p.stack, 2);
      EXPECT_GE(std::min(p.x, p.y), TildeStacks::kFilter / 2);
      EXPECT_LT(std::max(p.x, p.y), options_.side - TildeStacks::kFilter / 2);
    }
  }
}

// Two photographs of a fixed camera: the places of a stack are those found in
// both photographs as a whole, wherever the part was cut.
TEST_F(TildeStacksTest, AFixedCameraHasItsOwnPlaces) {
  WriteBlobPhotograph(paths_[1], 330, 240, 40);  // the same as the first
  const PhotographStore store(paths_, 1024);
  FixedCamera camera = FindFixedCameraPlaces(store, {0, 1});
  ASSERT_GE(camera.places.size(), 10u);
  // All are seen twice: the best are merely the upper ones.
  camera.places.insert(camera.places.end(), camera.others.begin(),
                       camera.others.end());
  for (const RepeatedPoint& p : camera.places) EXPECT_EQ(p.photographs, 2);
  options_.camera = &camera;
  options_.stacks = 8;
  const TildeStacks batch = MakeTildeStacks(store, {0, 1}, options_, 1, 0);
  EXPECT_GE(batch.places.size(), 8u);
  // The lightness at each is that of one of the camera's places.
  const std::vector<GrayImage> whole =
      GradLuv(store.GetColour(0, 0, 0, 330, 240));
  const int size = options_.side + TildeStacks::kFilter - 1;
  const int margin = TildeStacks::kFilter / 2;
  for (const TildeStacks::Place& p : batch.places) {
    const size_t picture = size_t(p.stack) * options_.lights;
    const size_t row =
        (picture * TildeStacks::kChannels + 3) * size + p.y + margin;
    const float lightness = batch.channels[row * size + p.x + margin];
    EXPECT_TRUE(std::any_of(
        camera.places.begin(), camera.places.end(), [&](const auto& place) {
          const int x = static_cast<int>(std::lround(place.x));
          const int y = static_cast<int>(std::lround(place.y));
          return std::abs(whole[3].At(x, y) - lightness) < 1e-3f;
        }));
  }
}

// What is bright may be so by the light.
TEST_F(TildeStacksTest, PlacesAreDarkerThanTheirSurroundings) {
  WriteBlobPhotograph(paths_[1], 330, 240, 40);
  const PhotographStore store(paths_, 1024);
  const GrayImage gray = store.Get(0);
  const GrayImage inner = GaussianBlur(gray, 3), outer = GaussianBlur(gray, 6);
  const FixedCamera camera = FindFixedCameraPlaces(store, {0, 1});
  ASSERT_FALSE(camera.places.empty());
  for (const RepeatedPoint& p : camera.places) {
    const int x = static_cast<int>(p.x), y = static_cast<int>(p.y);
    EXPECT_LT(inner.At(x, y), outer.At(x, y)) << x << " " << y;
  }
}

TEST_F(TildeStacksTest, PhotographsOfAFixedCameraHaveOneSize) {
  WriteBlobPhotograph(paths_[1], 331, 240, 40);
  const PhotographStore store(paths_, 1024);
  EXPECT_THROW(FindFixedCameraPlaces(store, {0, 1}), InputError);
}

TEST_F(TildeStacksTest, SmallPhotographsAreRefused) {
  const PhotographStore store(paths_, 1024);
  options_.side = 300;
  EXPECT_THROW(MakeTildeStacks(store, {0, 1}, options_, 1, 0), InputError);
}

}  // namespace
}  // namespace tiepoint
