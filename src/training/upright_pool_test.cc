// SPDX-License-Identifier: Apache-2.0
#include "training/upright_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <numbers>
#include <set>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "training/blob_photograph.h"

namespace tiepoint {
namespace {

Model Polar() {
  Model model;
  model.spec.architecture = "polar";
  model.spec.input = {1, 16, 16};
  model.per_patch = true;
  model.notes = {{"grid", "1"}, {"support", "12"}, {"inner", "1"}};
  return model;
}

class UprightPoolTest : public ::testing::Test {
 protected:
  UprightPoolTest()
      : path_(std::filesystem::temp_directory_path() /
              ("tiepoint_upright_pool_" + std::to_string(getpid()) + ".png")),
        photographs_(Written(path_), 400) {
    options_.pairs = 24;
  }
  ~UprightPoolTest() override { std::filesystem::remove(path_); }

  static std::vector<std::string> Written(const std::string& path) {
    WriteBlobPhotograph(path, 400, 320, 3);
    return {path};
  }

  BatchMaker Maker() const { return {photographs_, {0}, options_, 5}; }

  std::string path_;
  PhotographStore photographs_;
  BatchOptions options_;
};

TEST_F(UprightPoolTest, DrawsTheSameForTheSameSeedAndIndex) {
  const BatchMaker maker = Maker();
  const Model model = Polar();
  SetNumThreads(1);
  const UprightPool one({&maker}, 24, 60, model);
  SetNumThreads(3);
  const UprightPool other({&maker}, 24, 60, model);
  SetNumThreads(0);
  const UprightBatch a = one.Draw(1, 4), b = other.Draw(1, 4);
  EXPECT_EQ(a.count, 24);
  EXPECT_EQ(a.first, b.first);
  EXPECT_EQ(a.second, b.second);
  EXPECT_EQ(a.turn, b.turn);
  EXPECT_NE(a.first, one.Draw(1, 5).first);
  EXPECT_NE(a.first, one.Draw(2, 4).first);
}

// A pair of the pool is one of the maker, each patch turned by whole columns
// and the angle between them with it; first and second may change places.
TEST_F(UprightPoolTest, AnglesFollowTheTurnedPatches) {
  const BatchMaker maker = Maker();
  const Model model = Polar();
  const UprightBatch made = UprightPool({&maker}, 24, 0, model).Draw(0, 0);
  const UprightBatch drawn = UprightPool({&maker}, 24, 24, model).Draw(3, 0);
  constexpr int kSize = 16, kArea = kSize * kSize;
  const auto columns = [&](const float* patch, const float* original) {
    for (int k = 0; k < kSize; ++k) {
      bool same = true;
      for (int i = 0; i < kArea && same; ++i) {
        const int x = i % kSize, y = i / kSize;
        same =
            std::abs(patch[i] - original[y * kSize + (x + k) % kSize]) < 1e-3;
      }
      if (same) return k;
    }
    return -1;
  };
  int found = 0;
  for (int d = 0; d < drawn.count; ++d) {
    for (int m = 0; m < made.count; ++m) {
      for (const bool swapped : {false, true}) {
        const auto& one = swapped ? made.second : made.first;
        const auto& two = swapped ? made.first : made.second;
        const int a = columns(&drawn.first[d * kArea], &one[m * kArea]);
        const int b = columns(&drawn.second[d * kArea], &two[m * kArea]);
        if (a < 0 || b < 0) continue;
        const double turn = (swapped ? -1 : 1) * made.turn[m] -
                            2 * std::numbers::pi / kSize * (b - a);
        EXPECT_NEAR(std::remainder(drawn.turn[d] - turn, 2 * std::numbers::pi),
                    0, 1e-4);
        ++found;
      }
    }
  }
  EXPECT_GE(found, drawn.count);
}

// Each maker makes its share; without a pool there is no telling whose turn it
// is.
TEST_F(UprightPoolTest, TakesFromEachMaker) {
  const BatchMaker one = Maker();
  const BatchMaker other{photographs_, {0}, options_, 6};
  const Model model = Polar();
  EXPECT_THROW(UprightPool({&one, &other}, 24, 0, model), InputError);
  const UprightPool both({&one, &other}, 24, 48, model);
  const UprightPool alone({&one}, 24, 24, model);
  const auto turns = [](const UprightPool& pool) {
    std::set<long> found;
    for (int i = 0; i < 40; ++i) {
      // Turns by whole columns and an exchange of the views aside.
      for (const float turn : pool.Draw(1, i).turn) {
        const double columns = std::abs(turn) / (2 * std::numbers::pi) * 16;
        const double part = columns - std::floor(columns);
        found.insert(std::lround(1e4 * std::min(part, 1 - part)));
      }
    }
    return found.size();
  };
  EXPECT_GT(turns(both), turns(alone) + 15);
}

TEST_F(UprightPoolTest, NeedsLogPolarPatches) {
  const BatchMaker maker = Maker();
  Model model = Polar();
  model.notes.erase("grid");
  EXPECT_THROW(UprightPool({&maker}, 24, 0, model), InputError);
}

}  // namespace
}  // namespace tiepoint
