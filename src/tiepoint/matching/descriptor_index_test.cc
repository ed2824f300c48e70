// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/matching/descriptor_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

using Kind = DescriptorIndexOptions::Kind;

// Clusters, as descriptors of the same point in many photographs are.
DescriptorMatrix Clusters(int rows, int cols, uint64_t seed) {
  Random centres(77), random(seed);
  constexpr int kClusters = 40;
  std::vector<float> centre(kClusters * cols);
  for (float& v : centre) v = static_cast<float>(centres.Normal());
  DescriptorMatrix result{rows, cols, {}};
  for (int i = 0; i < rows; ++i) {
    const int c = random.Integer(kClusters);
    for (int k = 0; k < cols; ++k) {
      result.data.push_back(centre[c * cols + k] +
                            0.3f * static_cast<float>(random.Normal()));
    }
  }
  return result;
}

std::vector<Neighbour> Naive(const DescriptorMatrix& rows,
                             const DescriptorMatrix& queries, int count) {
  std::vector<Neighbour> found;
  for (int q = 0; q < queries.rows; ++q) {
    std::vector<std::pair<double, int>> all;
    for (int i = 0; i < rows.rows; ++i) {
      double sum = 0;
      for (int k = 0; k < rows.cols; ++k) {
        const double d =
            static_cast<double>(rows.Row(i)[k]) - queries.Row(q)[k];
        sum += d * d;
      }
      all.emplace_back(std::sqrt(sum), i);
    }
    std::sort(all.begin(), all.end());
    for (int k = 0; k < count; ++k) {
      found.push_back(
          {.row = all[k].second, .distance = static_cast<float>(all[k].first)});
    }
  }
  return found;
}

TEST(DescriptorIndex, ExactIsTheNaiveLoop) {
  const DescriptorMatrix rows = Clusters(1500, 33, 1);
  const DescriptorMatrix queries = Clusters(70, 33, 2);
  DescriptorIndex index({.rows_per_graph = 600});
  // In pieces that are no multiples of anything.
  DescriptorMatrix first{
      700, 33, {rows.data.begin(), rows.data.begin() + 700 * 33}};
  DescriptorMatrix second{
      800, 33, {rows.data.begin() + 700 * 33, rows.data.end()}};
  EXPECT_EQ(index.Add(first), 0);
  EXPECT_EQ(index.Add({}), 700);
  EXPECT_EQ(index.Add(second), 700);
  EXPECT_EQ(index.Size(), 1500);
  index.Build();
  const auto found = index.Search(queries, 5);
  const auto expected = Naive(rows, queries, 5);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].row, expected[i].row) << i;
    EXPECT_NEAR(found[i].distance, expected[i].distance, 1e-4);
  }
}

TEST(DescriptorIndex, TheGraphFindsNearlyAllAndTheSameForAnyThreads) {
  const DescriptorMatrix rows = Clusters(3000, 64, 3);
  const DescriptorMatrix queries = Clusters(200, 64, 4);
  const auto search = [&](int threads) {
    SetNumThreads(threads);
    DescriptorIndex index({.kind = Kind::kGraph, .rows_per_graph = 1000});
    index.Add(rows);
    index.Build();
    const auto found = index.Search(queries, 2);
    SetNumThreads(0);
    return found;
  };
  const auto found = search(1);
  EXPECT_EQ(found, search(3));
  const auto expected = Naive(rows, queries, 2);
  int same = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    same += found[i].row == expected[i].row;
  }
  EXPECT_GE(same, 380);  // of 400
}

TEST(DescriptorIndex, RowsWithoutNumbersAreNeverFound) {
  for (const Kind kind : {Kind::kExact, Kind::kGraph}) {
    DescriptorMatrix rows = Clusters(3, 8, 5);
    rows.Row(1)[2] = std::numeric_limits<float>::quiet_NaN();
    DescriptorIndex index({.kind = kind});
    index.Add(rows);
    index.Build();
    const auto found = index.Search(rows, 3);
    ASSERT_EQ(found.size(), 9u);
    EXPECT_EQ(found[0].row, 0);
    EXPECT_EQ(found[1].row, 2);
    EXPECT_EQ(found[2].row, -1);
    for (int k = 3; k < 6; ++k) EXPECT_EQ(found[k].row, -1);  // NaN asks
    EXPECT_EQ(found[6].row, 2);
  }
}

TEST(DescriptorIndex, EmptyAndWrongCalls) {
  for (const Kind kind : {Kind::kExact, Kind::kGraph}) {
    DescriptorIndex index({.kind = kind});
    const DescriptorMatrix rows = Clusters(4, 8, 6);
    EXPECT_THROW(index.Search(rows, 1), std::logic_error);
    index.Build();
    EXPECT_EQ(index.Search(rows, 1), std::vector<Neighbour>(4));
    index.Add(rows);
    EXPECT_THROW(index.Search(rows, 1), std::logic_error);
    index.Build();
    EXPECT_EQ(index.Search(rows, 1)[3].row, 3);
    EXPECT_TRUE(index.Search({}, 1).empty());
    EXPECT_THROW(index.Search(Clusters(2, 9, 7), 1), InputError);
    EXPECT_THROW(index.Add(Clusters(2, 9, 7)), InputError);
  }
  EXPECT_THROW(DescriptorIndex({.links = 0}), InputError);
}

}  // namespace
}  // namespace tiepoint
