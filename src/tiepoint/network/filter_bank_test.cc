// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/filter_bank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

constexpr int kTile = FilterBank::kTile;
constexpr int kStride = FilterBank::kStride;

struct Case {
  int count, kernel;
};

class FilterBankTest : public testing::TestWithParam<Case> {};

TEST_P(FilterBankTest, EqualsThePlainSum) {
  const auto [count, kernel] = GetParam();
  const auto kernels = RandomValues(count * kernel * kernel, 1);
  const auto input = RandomValues(kTile * kStride, 2);
  const FilterBank bank(kernels, count, kernel);
  const int side = bank.ResultSide();
  ASSERT_EQ(side, kTile - kernel + 1);
  FilterBank::Workspace work;
  work.input.re = input;
  int next = 0;
  bank.Run(work, [&](int c, const float* map) {
    EXPECT_EQ(c, next++);
    // All corners, and places between them.
    for (int y = 0; y < side; y += std::max(1, (side - 1) / 9)) {
      for (int x = 0; x < side; x += std::max(1, (side - 1) / 9)) {
        double sum = 0;
        for (int i = 0; i < kernel; ++i) {
          for (int j = 0; j < kernel; ++j) {
            sum += double(kernels[(c * kernel + i) * kernel + j]) *
                   input[(y + i) * kStride + x + j];
          }
        }
        ASSERT_NEAR(map[y * kStride + x], sum, 3e-6 * kernel)
            << c << " " << x << " " << y;
      }
    }
  });
  EXPECT_EQ(next, count);
}

INSTANTIATE_TEST_SUITE_P(Sizes, FilterBankTest,
                         testing::Values(Case{16, 25}, Case{1, 1}, Case{3, 2},
                                         Case{2, 31}, Case{1, 64}));

TEST(FilterBank, TheWorkspaceCarriesNothingOver) {
  const FilterBank bank(RandomValues(3 * 25, 3), 3, 5);
  const auto input = RandomValues(kTile * kStride, 4);
  const auto run = [&](FilterBank::Workspace& work) {
    work.input.re = input;
    std::vector<float> first;
    bank.Run(work, [&](int, const float* map) {
      first.insert(first.end(), map, map + 50);
    });
    return first;
  };
  FilterBank::Workspace fresh, used;
  run(used);
  EXPECT_EQ(run(fresh), run(used));
}

}  // namespace
}  // namespace tiepoint
