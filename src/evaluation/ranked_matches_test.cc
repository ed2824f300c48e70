// SPDX-License-Identifier: Apache-2.0
#include "evaluation/ranked_matches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

DescriptorMatrix RandomDescriptors(int rows, int cols, uint64_t seed) {
  Random random(seed);
  DescriptorMatrix result{rows, cols, {}};
  for (int k = 0; k < rows * cols; ++k) {
    result.data.push_back(static_cast<float>(random.Normal()));
  }
  return result;
}

TEST(RankedMatchesTest, DistancesAreEuclidean) {
  const DescriptorMatrix a{2, 2, {0, 0, 3, 4}};
  const DescriptorMatrix b{3, 2, {0, 0, 3, 0, 6, 8}};
  const DistanceMatrix all = AllDistances(a, b, 0);
  EXPECT_EQ(all.rows, 2);
  EXPECT_EQ(all.cols, 3);
  EXPECT_THAT(all.data, ElementsAre(0, 3, 10, 5, 4, 5));
  EXPECT_THAT(AllDistances(a, b, 1).data, ElementsAre(0));
  EXPECT_TRUE(AllDistances(a, {}, 0).data.empty());
  EXPECT_THROW(AllDistances(a, {1, 3, {1, 2, 3}}, 0), InputError);
}

TEST(RankedMatchesTest, DistancesDoNotDependOnThreads) {
  const DescriptorMatrix a = RandomDescriptors(300, 128, 1);
  const DescriptorMatrix b = RandomDescriptors(270, 128, 2);
  const int threads = NumThreads();
  SetNumThreads(1);
  const DistanceMatrix one = AllDistances(a, b, 0);
  SetNumThreads(3);
  const DistanceMatrix three = AllDistances(a, b, 0);
  SetNumThreads(threads);
  EXPECT_EQ(one.data, three.data);
  for (int i = 0; i < a.rows; i += 37) {
    for (int j = 0; j < b.rows; j += 41) {
      double sum = 0;
      for (int k = 0; k < a.cols; ++k) {
        sum += std::pow(double{a.Row(i)[k]} - b.Row(j)[k], 2);
      }
      EXPECT_NEAR(one.At(i, j), std::sqrt(sum), 1e-4);
    }
  }
}

TEST(RankedMatchesTest, AssignsGreedily) {
  // (1, 0) first; row 0 wanted column 0 too and gets column 1; row 2 nothing.
  const DistanceMatrix distances{3, 2, {2, 7, 1, 3, 4, 9}};
  EXPECT_THAT(GreedyNearest(distances), ElementsAre(Pair(1, 0), Pair(0, 1)));
  // Ties: the lower row, then the lower column.
  EXPECT_THAT(GreedyNearest({2, 2, {5, 5, 5, 5}}),
              ElementsAre(Pair(0, 0), Pair(1, 1)));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(GreedyNearest({1, 1, {nan}}), IsEmpty());
  EXPECT_THAT(GreedyNearest({}), IsEmpty());
}

TEST(RankedMatchesTest, AssignsLikeAllPairsSorted) {
  Random random(3);
  DistanceMatrix distances{60, 45, {}};
  for (int k = 0; k < 60 * 45; ++k) {
    distances.data.push_back(static_cast<float>(random.Integer(500)));
  }
  std::vector<std::tuple<float, int, int>> all;
  for (int i = 0; i < 60; ++i) {
    for (int j = 0; j < 45; ++j) all.emplace_back(distances.At(i, j), i, j);
  }
  std::sort(all.begin(), all.end());
  std::vector<char> row(60, 0), column(45, 0);
  std::vector<std::pair<int, int>> expected;
  for (const auto& [distance, i, j] : all) {
    if (row[i] || column[j]) continue;
    row[i] = column[j] = 1;
    expected.emplace_back(i, j);
  }
  EXPECT_EQ(GreedyNearest(distances), expected);
}

TEST(RankedMatchesTest, AreaUnderPrecisionAndRecall) {
  // Right, wrong, right of 4: points (0, 1) (1/4, 1) (1/4, 1/2) (1/2, 2/3).
  EXPECT_NEAR(RankedPrecisionAuc({true, false, true}, 4),
              1.0 / 4 + (1.0 / 2 + 2.0 / 3) / 2 / 4, 1e-12);
  EXPECT_EQ(RankedPrecisionAuc({true, true, false}, 2), 1);
  EXPECT_EQ(RankedPrecisionAuc({false, false}, 2), 0);
  // (0, 0) (0, 0) (1, 1/2)
  EXPECT_NEAR(RankedPrecisionAuc({false, true}, 1), 0.25, 1e-12);
  EXPECT_EQ(RankedPrecisionAuc({}, 3), 0);
  EXPECT_EQ(RankedPrecisionAuc({false}, 0), 0);
}

}  // namespace
}  // namespace tiepoint
