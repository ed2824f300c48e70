// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/distinct_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/synthetic_scene.h"

namespace tiepoint {
namespace {

std::vector<double> Xs(const DistinctPairs& distinct) {
  std::vector<double> xs;
  for (const PointPair& p : distinct.pairs) xs.push_back(p.x1);
  return xs;
}

TEST(DistinctPairsTest, TheOrderIsTheSeeds) {
  auto pairs = Pairs({}, 1);
  const auto one = FindDistinctPairs(pairs, {}, 7);
  std::reverse(pairs.begin(), pairs.end());
  EXPECT_EQ(Xs(FindDistinctPairs(pairs, {}, 7)), Xs(one));
  EXPECT_NE(Xs(FindDistinctPairs(pairs, {}, 8)), Xs(one));
  EXPECT_EQ(one.pairs.size(), pairs.size());
}

TEST(DistinctPairsTest, CopiesKeepTheirLargestWeight) {
  const PointPair a{1, 2, 3, 4}, b{5, 6, 7, 8};
  const auto distinct = FindDistinctPairs(
      std::array{a, b, a, b, b}, std::array{0.0, 0.3, 0.7, 0.9, 0.2}, 0);
  ASSERT_EQ(distinct.pairs.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(distinct.weights[i], distinct.pairs[i].x1 == 1 ? 0.7 : 0.9);
  }
}

TEST(DistinctPairsTest, UnusablePairsAndThoseWithoutWeightAreLeftOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::array pairs{PointPair{1, 2, 3, 4}, PointPair{nan, 2, 3, 4},
                         PointPair{5, 6, 7, 8}};
  const auto distinct = FindDistinctPairs(pairs, std::array{0.0, 1.0, 0.5}, 0);
  EXPECT_EQ(Xs(distinct), std::vector<double>{5});
  EXPECT_THROW(FindDistinctPairs(pairs, std::array{1.0}, 0), InputError);
  EXPECT_THROW(FindDistinctPairs(pairs, std::array{1.0, -1.0, 1.0}, 0),
               InputError);
  EXPECT_THROW(FindDistinctPairs(pairs, std::array{1.0, nan, 1.0}, 0),
               InputError);
}

}  // namespace
}  // namespace tiepoint
