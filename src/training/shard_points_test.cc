// SPDX-License-Identifier: Apache-2.0
#include "training/shard_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <numbers>
#include <set>

#include "tiepoint/base/error.h"
#include "training/patch_batches.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kSide = 64, kPoints = 20;
constexpr double kSupport = 12;

// A smooth pattern of its own for each point, turned by the sample's angle
// about the middle of the patch.
std::vector<uint8_t> Pattern(int64_t point, double angle) {
  std::vector<uint8_t> patch;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double dx = x - (kSide - 1) / 2.0, dy = y - (kSide - 1) / 2.0;
      const double u = std::cos(angle) * dx + std::sin(angle) * dy;
      const double v = std::cos(angle) * dy - std::sin(angle) * dx;
      const double wave = std::sin(0.15 * u + 0.4 * double(point)) +
                          std::cos(0.11 * v - 0.7 * double(point));
      patch.push_back(static_cast<uint8_t>(128 + 40 * wave + u));
    }
  }
  return patch;
}

double AngleOf(int64_t point, int view) {
  return WrapAngle(0.5 * double(point) + 1.9 * view);
}

class ShardPointsTest : public testing::Test {
 protected:
  ShardPointsTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "a");
  }
  ~ShardPointsTest() override { fs::remove_all(folder_); }

  // Points in two views each, and without `kind` "patches" five negatives.
  std::string Write(const std::string& name, const std::string& kind) {
    const std::string path = folder_ / "a" / name;
    ShardHead head;
    head.kind = kind;
    head.patch_size = kSide;
    head.support = kind == "patches" ? 0 : kSupport;
    head.photographs = {"a.jpg", "b.jpg"};
    ShardWriter shard(path, head);
    for (int point = 0; point < kPoints; ++point) {
      for (int view = 0; view < 2; ++view) {
        const double angle = kind == "patches" ? 0 : AngleOf(point, view);
        shard.Add({point, view, 0, 0, 2, static_cast<float>(angle)},
                  Pattern(point, angle));
      }
    }
    for (int i = 0; kind != "patches" && i < 5; ++i) {
      shard.Add({-1, 0, 0, 0, 2, 0}, Pattern(1000 + i, 0));
    }
    shard.Finish();
    return path;
  }

  ShardPoints Quadruplets() {
    return {
        {Write("train.shard", "quadruplets")}, ShardPoints::Part::kTraining, 5};
  }
  static BatchOptions TwelveExact() {
    BatchOptions options;
    options.pairs = 12;
    options.jitter = {0, 0, 0};
    return options;
  }

  const fs::path folder_ = fs::temp_directory_path() /
                           ("tiepoint_points_" + std::to_string(getpid()));
};

TEST_F(ShardPointsTest, AnEpochShowsEachPointOnceAndTheNextInAnotherOrder) {
  const ShardPoints points = Quadruplets();
  ASSERT_EQ(points.Size(), kPoints);
  EXPECT_EQ(points.Support(), kSupport);
  EXPECT_TRUE(points.HasNegatives());
  std::vector<std::vector<float>> epochs[2];
  for (int i = 0; i < 2 * kPoints; ++i) {
    epochs[i / kPoints].push_back(points.Get(i, 0).first.pixels);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  // Each of the points has two patches: a set of them has one of each point.
  std::set<float> angles;
  for (int i = 0; i < kPoints; ++i) {
    const ShardPoint p = points.Get(i, 0);
    EXPECT_EQ(p.first.pixels, epochs[0][i]) << "going back gives the same";
    EXPECT_NE(p.up_first, p.up_second);
    EXPECT_FLOAT_EQ(p.point.first.scale, kSide / (2 * kSupport));
    const double apart =
        std::abs(WrapAngle(p.point.second.angle - p.point.first.angle));
    EXPECT_NEAR(apart, 1.9, 1e-5) << "two views of one point";
    angles.insert(std::min(p.point.first.angle, p.point.second.angle));
    EXPECT_FALSE(p.elsewhere.Empty());
  }
  EXPECT_EQ(angles.size(), size_t{kPoints});
}

TEST_F(ShardPointsTest, PatchesOfOnePointAreAlikeWhenTurnedToItsDirection) {
  const ShardPoints points = Quadruplets();
  const BatchMaker maker(points, TwelveExact(), 3);
  const PatchGeometry small{PatchGeometry::Grid::kCartesian, 16, 6, 1, 0};
  const PatchPairs pairs = maker.MakePatchPairs(2, Model(), small);
  ASSERT_EQ(pairs.count, 12);
  EXPECT_EQ(pairs.first, maker.MakePatchPairs(2, Model(), small).first);
  EXPECT_NE(pairs.first, maker.MakePatchPairs(3, Model(), small).first);
  const auto difference = [&](size_t a, size_t b) {
    double sum = 0;
    for (size_t i = 0; i < 256; ++i) {
      sum += std::abs(pairs.first[a * 256 + i] - pairs.second[b * 256 + i]);
    }
    return sum / 256;
  };
  for (size_t k = 0; k < 12; ++k) {
    EXPECT_LT(difference(k, k), 1.5);
    EXPECT_GT(difference(k, (k + 1) % 12), 5);
  }
}

// The direction in which the disc of the patch brightens on average.
double Brightening(const float* patch, int size) {
  const double middle = (size - 1) / 2.0;
  double gx = 0, gy = 0;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const double dx = x - middle, dy = y - middle;
      const double window =
          std::exp(-(dx * dx + dy * dy) / (0.05 * size * size));
      gx += window * dx * patch[y * size + x];
      gy += window * dy * patch[y * size + x];
    }
  }
  return std::atan2(gy, gx);
}

TEST_F(ShardPointsTest, TheTurnIsThatBetweenTheUprightPatches) {
  const ShardPoints points = Quadruplets();
  const BatchMaker maker(points, TwelveExact(), 3);
  const PatchGeometry small{PatchGeometry::Grid::kCartesian, 32, 6, 1, 0};
  const OrientationPairs pairs =
      maker.MakeOrientationPairs(0, Model(), small, small);
  EXPECT_THROW(maker.MakeLiftQuadruplets(0, false), InputError)
      << "LIFT's patches reach farther than these";
  std::set<int> turns;
  for (int k = 0; k < 12; ++k) {
    const double seen =
        Brightening(pairs.second.data() + size_t{1024} * k, 32) -
        Brightening(pairs.first.data() + size_t{1024} * k, 32);
    EXPECT_NEAR(WrapAngle(seen - pairs.turn[k]), 0, 0.1);
    turns.insert(static_cast<int>(pairs.turn[k] * 2));
  }
  EXPECT_GT(turns.size(), 4u) << "over the full circle";
}

TEST_F(ShardPointsTest, SetsOfPatchesAreSplitByPointAndReachWhatIsAsked) {
  const std::string path = Write("patches.shard", "patches");
  using Part = ShardPoints::Part;
  const ShardPoints training({path}, Part::kTraining, 1);
  const ShardPoints validation({path}, Part::kValidation, 1);
  EXPECT_EQ(training.Size(), 18);
  EXPECT_EQ(validation.Size(), 2);
  EXPECT_EQ(training.Support(), 0);
  EXPECT_FALSE(training.HasNegatives());
  const ShardPoint p = training.Get(0, 6);
  EXPECT_EQ(p.up_first, 0);
  EXPECT_NEAR(p.point.first.scale * 6, kSide / 2.0, 1e-4);
}

TEST_F(ShardPointsTest, FilesAreFoundByName) {
  const std::string patches = Write("patches.shard", "patches");
  EXPECT_EQ(FindShards({folder_}).validation, std::vector{patches});
  const std::string train = Write("train.shard", "quadruplets");
  const std::string validation = Write("validation.shard", "quadruplets");
  const ShardFiles files = FindShards({folder_});
  EXPECT_EQ(files.training, (std::vector{patches, train}));
  EXPECT_EQ(files.validation, std::vector{validation});
}

TEST_F(ShardPointsTest, WhatCannotBeUsedIsRefused) {
  EXPECT_THROW(FindShards({folder_ / "none"}), InputError);
  fs::create_directories(folder_ / "eval");
  EXPECT_THROW(FindShards({folder_ / "eval"}), InputError);
  EXPECT_THROW(ShardPoints({}, ShardPoints::Part::kTraining, 1), InputError);
  const ShardPoints points = Quadruplets();
  const BatchMaker maker(points, BatchOptions(), 3);
  EXPECT_THROW(maker.MakeDetectorStacks(0, Model()), InputError);
  const PatchGeometry large{PatchGeometry::Grid::kCartesian, 16, 12, 1, 0};
  try {
    maker.MakePatchPairs(0, Model(), large);
    FAIL() << "the corners of the square are 17 sigma away";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--support"));
  }
}

}  // namespace
}  // namespace tiepoint
