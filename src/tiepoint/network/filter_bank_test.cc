// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/filter_bank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tiepoint/network/filter_kernels.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

constexpr int kTile = FilterBank::kTile;
constexpr int kStride = FilterBank::kStride;

struct Case {
  int count, kernel, channels = 1;
};

// The response of one filter at one place, plainly. `kernels` as FilterBank
// takes them, `input` one tile a channel.
double Response(const std::vector<float>& kernels, int kernel,
                const std::vector<std::vector<float>>& input, int filter, int x,
                int y) {
  double sum = 0;
  const float* weight =
      kernels.data() + filter * input.size() * kernel * kernel;
  for (const std::vector<float>& channel : input) {
    for (int i = 0; i < kernel; ++i) {
      for (int j = 0; j < kernel; ++j) {
        sum += double(*weight++) * channel[(y + i) * kStride + x + j];
      }
    }
  }
  return sum;
}

// All corners of a map, and places between them.
template <typename Check>
void ForPlaces(int side, const Check& check) {
  const int step = std::max(1, (side - 1) / 9);
  for (int y = 0; y < side; y += step) {
    for (int x = 0; x < side; x += step) check(x, y);
  }
}

std::vector<std::vector<float>> RandomTiles(int channels) {
  std::vector<std::vector<float>> tiles(channels);
  for (int k = 0; k < channels; ++k) {
    tiles[k] = RandomValues(kTile * kStride, 3 + k);
  }
  return tiles;
}

void SetChannels(const FilterBank& bank,
                 const std::vector<std::vector<float>>& input,
                 FilterBank::Workspace& work) {
  for (size_t k = 0; k < input.size(); ++k) {
    work.input.re = input[k];
    bank.SetChannel(work, static_cast<int>(k));
  }
}

// Outputs that are the responses themselves.
FilterBank::Hinges NoHinges(int count) {
  FilterBank::Hinges hinges;
  hinges.bias.resize(count);
  return hinges;
}

class FilterBankTest : public testing::TestWithParam<Case> {};

TEST_P(FilterBankTest, EqualsThePlainSum) {
  const int count = GetParam().count, kernel = GetParam().kernel;
  const int channels = GetParam().channels;
  const auto kernels = RandomValues(count * channels * kernel * kernel, 1);
  const auto input = RandomTiles(channels);
  for (const FilterKernels& loops : SupportedFilterKernels()) {
    SCOPED_TRACE(loops.columns);
    const FilterBank bank(kernels, count, kernel, channels, &loops);
    ASSERT_EQ(bank.ResultSide(), kTile - kernel + 1);
    FilterBank::Workspace work;
    SetChannels(bank, input, work);
    const double tolerance = 3e-6 * kernel * std::sqrt(channels);
    int next = 0;
    bank.RunHinges(work, NoHinges(count), [&](int f, const float* map) {
      EXPECT_EQ(f, next++);
      ForPlaces(bank.ResultSide(), [&](int x, int y) {
        ASSERT_NEAR(map[y * kStride + x],
                    Response(kernels, kernel, input, f, x, y), tolerance)
            << f << " " << x << " " << y;
      });
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
  const auto input = RandomTiles(1);
  const auto run = [&](FilterBank::Workspace& work) {
    SetChannels(bank, input, work);
    std::vector<float> first;
    bank.RunHinges(work, NoHinges(3), [&](int, const float* map) {
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
  const auto kernels = RandomValues(count * channels * kKernel * kKernel, 1);
  const auto input = RandomTiles(channels);
  FilterBank::Hinges hinges{
      .sums = sums, .maxes = maxes, .first_sign = -1, .bias = {}};
  hinges.bias = RandomValues(count, 2);
  for (float& b : hinges.bias) b *= 10;
  const auto expected = [&](int output, int x, int y) {
    double sum = 0;
    for (int g = 0; g < hinges.sums; ++g) {
      double largest = -std::numeric_limits<double>::infinity();
      for (int m = 0; m < hinges.maxes; ++m) {
        const int f = (output * hinges.sums + g) * hinges.maxes + m;
        largest = std::max(largest, Response(kernels, kKernel, input, f, x, y) +
                                        hinges.bias[f]);
      }
      sum += g % 2 == 0 ? -largest : largest;
    }
    return sum;
  };
  for (const FilterKernels& loops : SupportedFilterKernels()) {
    SCOPED_TRACE(loops.columns);
    const FilterBank bank(kernels, count, kKernel, channels, &loops);
    FilterBank::Workspace work;
    SetChannels(bank, input, work);
    int next = 0;
    bank.RunHinges(work, hinges, [&](int o, const float* map) {
      ASSERT_EQ(o, next++);
      ForPlaces(bank.ResultSide(), [&](int x, int y) {
        ASSERT_NEAR(map[y * kStride + x], expected(o, x, y), 2e-4)
            << o << " " << x << " " << y;
      });
    });
    EXPECT_EQ(next, count / (sums * maxes));
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
