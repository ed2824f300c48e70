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
  int count, kernel, channels = 1;
};

class FilterBankTest : public testing::TestWithParam<Case> {};

TEST_P(FilterBankTest, EqualsThePlainSum) {
  const auto [count, kernel, channels] = GetParam();
  const auto kernels = RandomValues(count * channels * kernel * kernel, 1);
  const FilterBank bank(kernels, count, kernel, channels);
  const int side = bank.ResultSide();
  ASSERT_EQ(side, kTile - kernel + 1);
  FilterBank::Workspace work;
  std::vector<std::vector<float>> input;
  for (int k = 0; k < channels; ++k) {
    input.push_back(RandomValues(kTile * kStride, 2 + k));
    work.input.re = input[k];
    bank.SetChannel(work, k);
  }
  int next = 0;
  bank.Run(work, [&](int c, const float* map) {
    EXPECT_EQ(c, next++);
    // All corners, and places between them.
    for (int y = 0; y < side; y += std::max(1, (side - 1) / 9)) {
      for (int x = 0; x < side; x += std::max(1, (side - 1) / 9)) {
        double sum = 0;
        for (int k = 0; k < channels; ++k) {
          const float* filter =
              kernels.data() + (c * channels + k) * kernel * kernel;
          for (int i = 0; i < kernel; ++i) {
            for (int j = 0; j < kernel; ++j) {
              sum += double(filter[i * kernel + j]) *
                     input[k][(y + i) * kStride + x + j];
            }
          }
        }
        ASSERT_NEAR(map[y * kStride + x], sum,
                    3e-6 * kernel * std::sqrt(channels))
            << c << " " << x << " " << y;
      }
    }
  });
  EXPECT_EQ(next, count);
}

INSTANTIATE_TEST_SUITE_P(Sizes, FilterBankTest,
                         testing::Values(Case{16, 25}, Case{1, 1}, Case{3, 2},
                                         Case{2, 31}, Case{1, 64},
                                         Case{16, 21, 6}, Case{3, 5, 2}));

TEST(FilterBank, TheWorkspaceCarriesNothingOver) {
  const FilterBank bank(RandomValues(3 * 25, 3), 3, 5);
  const auto input = RandomValues(kTile * kStride, 4);
  const auto run = [&](FilterBank::Workspace& work) {
    work.input.re = input;
    bank.SetChannel(work, 0);
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
