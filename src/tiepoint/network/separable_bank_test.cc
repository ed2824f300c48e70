// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/separable_bank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

struct Case {
  int sums, maxes, channels, size, rank, columns, rows;
};

class SeparableBankTest : public testing::TestWithParam<Case> {};

// Every step of the definition by plain loops in double. Also sizes that are no
// multiple of what is worked on together, and the smallest filters.
TEST_P(SeparableBankTest, EqualsThePlainSum) {
  const Case p = GetParam();
  const int filters = p.sums * p.maxes, products = p.channels * p.rank;
  SeparableBank::Weights w{p.sums, p.maxes, p.channels, p.size,
                           p.rank, {},      {},         {}};
  w.lines = RandomValues(products * 2 * p.size, 1);
  w.coefficients = RandomValues(filters * products, 2);
  w.bias = RandomValues(filters, 3);
  const SeparableBank bank(w);
  const int radius = bank.Radius();
  ASSERT_EQ(radius, std::max(2, p.size / 2));

  const int width = SeparableBank::kColumns + 2 * radius + 5;
  const int height = SeparableBank::kRows + 2 * radius;
  std::vector<float> channels = RandomValues(p.channels * width * height, 4);
  // What the sums may read and must not use.
  for (int c = 0; c < p.channels; ++c) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        if (x >= p.columns + 2 * radius || y >= p.rows + 2 * radius) {
          channels[(c * height + y) * width + x] = 1e30f;
        }
      }
    }
  }
  const int stride = p.columns + 3;
  std::vector<float> out(p.rows * stride, -7);
  SeparableBank::Workspace work;
  // Twice: what is left from before must not count.
  for (int time = 0; time < 2; ++time) {
    bank.Run(work, channels.data(), width, width * height, p.columns, p.rows,
             out.data(), stride);
  }
  for (int y = 0; y < p.rows; ++y) {
    for (int x = 0; x < p.columns; ++x) {
      std::vector<double> product(products);
      for (int j = 0; j < products; ++j) {
        const float* vertical = w.lines.data() + 2 * j * p.size;
        const float* horizontal = vertical + p.size;
        const int first = radius - p.size / 2;
        for (int i = 0; i < p.size; ++i) {
          for (int k = 0; k < p.size; ++k) {
            product[j] +=
                double(vertical[i]) * horizontal[k] *
                channels[(j / p.rank * height + y + first + i) * width + x +
                         first + k];
          }
        }
      }
      double score = 0;
      for (int n = 0; n < p.sums; ++n) {
        double largest = -1e300;
        for (int f = n * p.maxes; f < (n + 1) * p.maxes; ++f) {
          double sum = w.bias[f];
          for (int j = 0; j < products; ++j) {
            sum += w.coefficients[f * products + j] * product[j];
          }
          largest = std::max(largest, sum);
        }
        score += n % 2 == 0 ? -largest : largest;
      }
      ASSERT_NEAR(out[y * stride + x], score, 2e-6 * p.size * products * p.sums)
          << x << " " << y;
    }
    for (int x = p.columns; x < stride; ++x) {
      ASSERT_EQ(out[y * stride + x], -7) << "beyond the row " << y;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, SeparableBankTest,
    testing::Values(Case{4, 4, 6, 21, 4, SeparableBank::kColumns, 9},
                    Case{4, 4, 6, 21, 4, 7, SeparableBank::kRows},
                    Case{2, 3, 1, 9, 8, 17, 6}, Case{3, 5, 2, 7, 5, 32, 4},
                    Case{1, 1, 1, 1, 1, 1, 1}, Case{2, 9, 2, 3, 2, 31, 3},
                    Case{1, 4, 1, 5, 3, 16, 5}, Case{2, 1, 3, 33, 1, 20, 10}));

}  // namespace
}  // namespace tiepoint
