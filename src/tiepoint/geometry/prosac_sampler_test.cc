// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/prosac_sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace tiepoint {
namespace {

std::vector<double> Falling(int count) {
  std::vector<double> weights(count);
  for (int i = 0; i < count; ++i) weights[i] = 1 - 0.5 * i / count;
  return weights;
}

TEST(ProsacSamplerTest, SamplesAreFiveDifferentRanks) {
  for (const auto& weights :
       {Falling(5), Falling(6), Falling(100), std::vector<double>(50, 1.0)}) {
    ProsacSampler sampler(weights);
    Random random(1);
    for (int i = 0; i < 2000; ++i) {
      const auto sample = sampler.Sample(random);
      EXPECT_EQ(std::set(sample.begin(), sample.end()).size(), 5u);
      for (const int rank : sample) {
        EXPECT_GE(rank, 0);
        EXPECT_LT(rank, static_cast<int>(weights.size()));
      }
    }
  }
}

TEST(ProsacSamplerTest, BestRanksComeFirstAndThePoolGrows) {
  ProsacSampler sampler(Falling(1000));
  Random random(2);
  int largest = 0;
  std::vector<int> after;
  for (int i = 0; i < 1000; ++i) {
    const auto sample = sampler.Sample(random);
    const int newest = *std::max_element(sample.begin(), sample.end());
    // Each larger pool begins with its newest member.
    EXPECT_LE(newest, largest + 20);
    largest = std::max(largest, newest);
    after.push_back(largest);
  }
  EXPECT_EQ(after[0], 4);
  EXPECT_LT(after[20], 60);
  EXPECT_GT(after[999], 200);
}

TEST(ProsacSamplerTest, WithoutDifferencesAllRanksAreDrawnAlike) {
  constexpr int kCount = 20, kSamples = 20000;
  ProsacSampler sampler(std::vector<double>(kCount, 0.7));
  Random random(3);
  std::vector<int> times(kCount, 0);
  for (int i = 0; i < kSamples; ++i) {
    for (const int rank : sampler.Sample(random)) ++times[rank];
  }
  const double expected = 5.0 * kSamples / kCount;
  for (const int t : times) EXPECT_NEAR(t, expected, 6 * std::sqrt(expected));
}

TEST(ProsacSamplerTest, AGroupComesAsOne) {
  auto weights = std::vector<double>(100, 0.9);
  weights.resize(2000, 0.1);
  ProsacSampler sampler(weights);
  Random random(4);
  std::vector<int> times(100, 0);
  for (int i = 0; i < 90; ++i) {
    for (const int rank : sampler.Sample(random)) {
      ASSERT_LT(rank, 100);
      ++times[rank];
    }
  }
  // Of both halves.
  const int first = std::accumulate(times.begin(), times.begin() + 50, 0);
  EXPECT_NEAR(first, 225, 60);
}

TEST(ProsacSamplerTest, ThePoolStaysWithinItsLimit) {
  ProsacSampler sampler(Falling(1000));
  sampler.LimitPool(30);
  Random random(5);
  for (int i = 0; i < 5000; ++i) {
    for (const int rank : sampler.Sample(random)) EXPECT_LT(rank, 30);
  }
}

}  // namespace
}  // namespace tiepoint
