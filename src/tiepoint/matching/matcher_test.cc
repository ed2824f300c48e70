// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/matching/matcher.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

DescriptorMatrix RandomUnit(int rows, int cols, uint64_t seed) {
  Random random(seed);
  DescriptorMatrix result{rows, cols, {}};
  result.data.resize(static_cast<size_t>(rows) * cols);
  for (int i = 0; i < rows; ++i) {
    double norm = 0;
    for (int k = 0; k < cols; ++k) {
      result.Row(i)[k] = static_cast<float>(random.Normal());
      norm += result.Row(i)[k] * result.Row(i)[k];
    }
    for (int k = 0; k < cols; ++k) {
      result.Row(i)[k] /= static_cast<float>(std::sqrt(norm));
    }
  }
  return result;
}

DescriptorMatrix RandomBits(int rows, int cols, uint64_t seed) {
  Random random(seed);
  DescriptorMatrix result{rows, cols, {}};
  for (int i = 0; i < rows * cols; ++i) {
    result.data.push_back(random.Chance(0.5) ? 1.0f : 0.0f);
  }
  return result;
}

double Distance(const DescriptorMatrix& a, int i, const DescriptorMatrix& b,
                int j) {
  double sum = 0;
  for (int k = 0; k < a.cols; ++k) {
    const double d = static_cast<double>(a.Row(i)[k]) - b.Row(j)[k];
    sum += d * d;
  }
  return std::sqrt(sum);
}

int Nearest(const DescriptorMatrix& a, int i, const DescriptorMatrix& b) {
  int best = 0;
  for (int j = 1; j < b.rows; ++j) {
    if (Distance(a, i, b, j) < Distance(a, i, b, best)) best = j;
  }
  return best;
}

// The definition, in double precision.
std::vector<Match> BruteForce(const DescriptorMatrix& a,
                              const DescriptorMatrix& b,
                              const MatchOptions& options) {
  std::vector<Match> matches;
  for (int i = 0; i < a.rows; ++i) {
    const int j = Nearest(a, i, b);
    if (options.mutual && Nearest(b, j, a) != i) continue;
    double second = std::numeric_limits<double>::infinity();
    for (int k = 0; k < b.rows; ++k) {
      if (k != j) second = std::min(second, Distance(a, i, b, k));
    }
    const double d = Distance(a, i, b, j);
    const double ratio = second > 0 && std::isfinite(second) ? d / second : 1.0;
    if (ratio > options.max_ratio) continue;
    matches.push_back(
        {i, j, static_cast<float>(1 - d * d / 2), static_cast<float>(ratio)});
  }
  return matches;
}

void ExpectSame(const std::vector<Match>& matches,
                const std::vector<Match>& expected) {
  ASSERT_EQ(matches.size(), expected.size());
  for (size_t m = 0; m < matches.size(); ++m) {
    EXPECT_EQ(matches[m].i, expected[m].i);
    EXPECT_EQ(matches[m].j, expected[m].j);
    EXPECT_NEAR(matches[m].similarity, expected[m].similarity,
                1e-5 * (1 + std::abs(expected[m].similarity)));
    EXPECT_NEAR(matches[m].ratio, expected[m].ratio, 1e-5);
  }
}

TEST(MatcherTest, IsTheNaiveLoop) {
  // Around the sizes of blocks and tiles, and far from them.
  for (const auto& [rows1, rows2, cols] : {std::array{1, 1, 1},
                                           {3, 7, 5},
                                           {127, 129, 31},
                                           {129, 513, 128},
                                           {257, 40, 128},
                                           {40, 1025, 17}}) {
    const auto a = RandomUnit(rows1, cols, 1);
    const auto b = RandomUnit(rows2, cols, 2);
    for (const bool mutual : {true, false}) {
      for (const double ratio : {1.0, 0.9}) {
        SCOPED_TRACE(testing::Message() << rows1 << " x " << rows2);
        MatchOptions options{mutual, ratio};
        const auto expected = BruteForce(a, b, options);
        for (const ProductPrecision precision :
             {ProductPrecision::kFastest, ProductPrecision::kInt8,
              ProductPrecision::kBfloat16, ProductPrecision::kFloat}) {
          options.precision = precision;
          ExpectSame(MatchDescriptors(a, b, options), expected);
        }
      }
    }
  }
}

TEST(MatcherTest, IsTheNaiveLoopForBits) {
  // Integer distances: ties everywhere, and they go to the lower index.
  const auto a = RandomBits(200, 32, 3);
  const auto b = RandomBits(600, 32, 4);
  for (const bool mutual : {true, false}) {
    const MatchOptions options{mutual, 1.0};
    ExpectSame(MatchDescriptors(a, b, options), BruteForce(a, b, options));
  }
}

TEST(MatcherTest, LargeNormsDoNotHideSmallDifferences) {
  // |a|^2 + |b|^2 - 2ab in float would lose the differences altogether.
  auto a = RandomUnit(100, 16, 5);
  auto b = RandomUnit(300, 16, 6);
  for (float& v : a.data) v += 1000;
  for (float& v : b.data) v += 1000;
  ExpectSame(MatchDescriptors(a, b), BruteForce(a, b, {}));
}

TEST(MatcherTest, CopiesTieToTheLowerIndex) {
  const auto one = RandomUnit(1, 128, 7);
  DescriptorMatrix many{700, 128, {}};
  for (int i = 0; i < many.rows; ++i) {
    many.data.insert(many.data.end(), one.data.begin(), one.data.end());
  }
  const auto matches = MatchDescriptors(many, many, {.mutual = false});
  ASSERT_EQ(matches.size(), 700u);
  for (const Match& match : matches) {
    EXPECT_EQ(match.j, 0);
    EXPECT_EQ(match.similarity, 1);
    EXPECT_EQ(match.ratio, 1);
  }
  EXPECT_EQ(MatchDescriptors(many, many),
            (std::vector<Match>{{0, 0, 1.0f, 1.0f}}));
}

TEST(MatcherTest, FindsAPermutation) {
  const auto a = RandomUnit(500, 64, 8);
  DescriptorMatrix b{500, 64, std::vector<float>(500 * 64)};
  for (int i = 0; i < 500; ++i) {
    std::copy_n(a.Row(i), 64, b.Row((i * 7 + 3) % 500));
  }
  const auto matches = MatchDescriptors(a, b, {.max_ratio = 0.1});
  ASSERT_EQ(matches.size(), 500u);
  for (const Match& match : matches) {
    EXPECT_EQ(match.j, (match.i * 7 + 3) % 500);
    EXPECT_EQ(match.ratio, 0);
  }
}

TEST(MatcherTest, ThreadsDoNotChangeABit) {
  const auto a = RandomUnit(1500, 128, 9);
  const auto b = RandomUnit(1300, 128, 10);
  for (const ProductPrecision precision :
       {ProductPrecision::kInt8, ProductPrecision::kBfloat16,
        ProductPrecision::kFloat}) {
    SetNumThreads(1);
    const MatchOptions options{.precision = precision};
    const auto one = MatchDescriptors(a, b, options);
    SetNumThreads(3);
    // Again and again: threads must meet.
    for (int time = 0; time < 20; ++time) {
      ASSERT_EQ(one, MatchDescriptors(a, b, options)) << NameOf(precision);
    }
  }
  SetNumThreads(0);
}

TEST(MatcherTest, RowsWithoutNumbersNeverMatch) {
  auto a = RandomUnit(20, 8, 11);
  auto b = a;
  a.Row(3)[2] = std::numeric_limits<float>::quiet_NaN();
  b.Row(5)[0] = std::numeric_limits<float>::infinity();
  for (const bool mutual : {true, false}) {
    for (const Match& match : MatchDescriptors(a, b, {.mutual = mutual})) {
      EXPECT_NE(match.i, 3);
      EXPECT_NE(match.j, 5);
    }
  }
  EXPECT_EQ(MatchDescriptors(a, b).size(), 18u);
  for (float& v : b.data) v = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(MatchDescriptors(a, b).empty());
}

TEST(MatcherTest, BothWaysComparesWithTheBestOtherOfEither) {
  const DescriptorMatrix a = RandomUnit(150, 32, 21);
  const DescriptorMatrix b = RandomUnit(90, 32, 22);
  const std::vector<Match> matches = MatchBothWays(a, b);
  ASSERT_EQ(matches.size(), 150u);
  int mutual = 0;
  const std::vector<Match> both = MatchDescriptors(a, b);
  for (const Match& match : matches) {
    EXPECT_EQ(match.j, Nearest(a, match.i, b));
    double other = 10;
    for (int i = 0; i < a.rows; ++i) {
      if (i != match.i) other = std::min(other, Distance(a, i, b, match.j));
    }
    const double expected = Distance(a, match.i, b, match.j) / other;
    EXPECT_NEAR(match.reverse_ratio, std::min(expected, 2.0), 1e-4);
    EXPECT_EQ(match.mutual, match.reverse_ratio < 1);
    if (!match.mutual) continue;
    EXPECT_EQ(match.i, both[mutual].i);
    EXPECT_EQ(match.j, both[mutual].j);
    ++mutual;
  }
  EXPECT_EQ(mutual, static_cast<int>(both.size()));
}

TEST(MatcherTest, EmptySetsAreFine) {
  const auto some = RandomUnit(4, 8, 12);
  EXPECT_TRUE(MatchDescriptors({}, {}).empty());
  EXPECT_TRUE(MatchDescriptors(some, {}).empty());
  EXPECT_TRUE(MatchDescriptors({}, some).empty());
}

TEST(MatcherTest, RefusesDifferentLengths) {
  EXPECT_THROW(MatchDescriptors(RandomUnit(2, 8, 13), RandomUnit(2, 9, 14)),
               InputError);
}

}  // namespace
}  // namespace tiepoint
