// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/filter_bank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tiepoint/network/filter_kernels.h"
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
  for (const FilterKernels& loops : SupportedFilterKernels()) {
    SCOPED_TRACE(loops.columns);
    const FilterBank bank(kernels, count, kernel, channels, &loops);
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

// (filters, sums, maxes, channels): outputs that end between the two of a pair,
// odd groups, an odd number of filters.
class HingesTest : public testing::TestWithParam<std::array<int, 4>> {};

TEST_P(HingesTest, AreTheHingesOfTheResponses) {
  const auto [count, sums, maxes, channels] = GetParam();
  constexpr int kKernel = 17;
  for (const FilterKernels& loops : SupportedFilterKernels()) {
    SCOPED_TRACE(loops.columns);
    const FilterBank bank(RandomValues(count * channels * kKernel * kKernel, 1),
                          count, kKernel, channels, &loops);
    FilterBank::Hinges hinges{
        .sums = sums, .maxes = maxes, .first_sign = -1, .bias = {}};
    hinges.bias = RandomValues(count, 2);
    for (float& b : hinges.bias) b *= 10;
    FilterBank::Workspace work;
    const auto set = [&] {
      for (int k = 0; k < channels; ++k) {
        work.input.re = RandomValues(kTile * kStride, 3 + k);
        bank.SetChannel(work, k);
      }
    };
    const int side = bank.ResultSide();
    std::vector<std::vector<float>> expected(count / (sums * maxes),
                                             std::vector<float>(side * side));
    std::vector<float> largest(side * side);
    set();
    bank.Run(work, [&](int f, const float* map) {
      const int group = f / maxes % sums;
      for (int i = 0; i < side * side; ++i) {
        const float v = map[i / side * kStride + i % side] + hinges.bias[f];
        largest[i] = f % maxes == 0 ? v : std::max(largest[i], v);
        if (f % maxes + 1 == maxes) {
          expected[f / (sums * maxes)][i] +=
              (group % 2 == 0 ? -1.0f : 1.0f) * largest[i];
        }
      }
    });
    set();
    int next = 0;
    bank.RunHinges(work, hinges, [&](int o, const float* map) {
      ASSERT_EQ(o, next++);
      for (int i = 0; i < side * side; ++i) {
        ASSERT_NEAR(map[i / side * kStride + i % side], expected[o][i], 2e-4)
            << o << " " << i;
      }
    });
    EXPECT_EQ(next, static_cast<int>(expected.size()));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, HingesTest,
                         testing::Values(std::array{16, 4, 4, 1},
                                         std::array{16, 4, 4, 6},
                                         std::array{9, 3, 3, 2},
                                         std::array{9, 1, 3, 1},
                                         std::array{3, 1, 1, 1}));

}  // namespace
}  // namespace tiepoint
