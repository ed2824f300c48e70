// SPDX-License-Identifier: Apache-2.0
// Values worked by hand; statistics_test.py computes random cases again.
#include "evaluation/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tiepoint {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Values = std::vector<double>;

TEST(StatisticsTest, MeansAndMedians) {
  EXPECT_EQ(Mean(Values{}), 0);
  EXPECT_EQ(Mean(Values{1, 2, 6}), 3);
  EXPECT_EQ(Mean(Values{1, kInfinity}), kInfinity);
  EXPECT_EQ(Median(Values{}), 0);
  EXPECT_EQ(Median(Values{5}), 5);
  EXPECT_EQ(Median(Values{9, 1, 2}), 2);
  EXPECT_EQ(Median(Values{9, 1, 2, 4}), 3);
  EXPECT_EQ(Median(Values{kInfinity, 1, 2}), 2);
  EXPECT_EQ(Median(Values{kInfinity, 1, kInfinity, kInfinity}), kInfinity);
}

TEST(StatisticsTest, AccuracyCountsTheThreshold) {
  EXPECT_EQ(AccuracyAt(Values{1, 2, 3, kInfinity}, 2), 0.5);
  EXPECT_EQ(AccuracyAt(Values{kInfinity}, 2), 0);
  EXPECT_EQ(AccuracyAt(Values{}, 2), 0);
}

TEST(StatisticsTest, ErrorAucIsAnAreaUnderStraightLines) {
  // (0,0) (1,1/4) (3,2/4), level to 4; 4 and 20 are not below 4.
  // 1/8 + 2 * 3/8 + 1/2 = 11/8 of 4.
  EXPECT_DOUBLE_EQ(ErrorAuc(Values{20, 3, 1, 4}, 4), 11.0 / 32);
  // Errors of 0 cost nothing.
  EXPECT_DOUBLE_EQ(ErrorAuc(Values{0, 0}, 5), 1);
  // Ties rise at once: (0,0) (2,1/2) (2,1), level to 4: 1/2 + 2.
  EXPECT_DOUBLE_EQ(ErrorAuc(Values{2, 2}, 4), 2.5 / 4);
  EXPECT_EQ(ErrorAuc(Values{kInfinity, 7}, 5), 0);
  // One of two without an answer: (0,0) (1,1/2), level to 5: 1/4 + 2.
  EXPECT_DOUBLE_EQ(ErrorAuc(Values{kInfinity, 1}, 5), 2.25 / 5);
  EXPECT_EQ(ErrorAuc(Values{}, 5), 0);
}

TEST(StatisticsTest, MeanAccuracyIsOverSteps) {
  // At 5, 10, 15, 20: 1/4, 2/4, 2/4, 3/4.
  EXPECT_DOUBLE_EQ(MeanAccuracy(Values{1, 7, 18, kInfinity}, 5, 20), 0.5);
  EXPECT_DOUBLE_EQ(MeanAccuracy(Values{0.05}, 0.1, 10), 1);
  EXPECT_DOUBLE_EQ(MeanAccuracy(Values{9.95}, 0.1, 10), 0.01);
  EXPECT_EQ(MeanAccuracy(Values{}, 5, 20), 0);
}

TEST(StatisticsTest, StepAreaIsUnderTheAccuracy) {
  // 1/4 from 1 to 3, 1/2 from 3 to 4.
  EXPECT_DOUBLE_EQ(StepAuc(Values{1, 3, 20, kInfinity}, 4), 1.0 / 4);
  EXPECT_DOUBLE_EQ(StepAuc(Values{0}, 4), 1);
  EXPECT_EQ(StepAuc(Values{}, 4), 0);
}

// + is a positive; scores fall from left to right.
std::vector<Scored> Order(const std::string& signs) {
  std::vector<Scored> decisions;
  for (const char sign : signs) {
    decisions.push_back(
        {100.0 - static_cast<double>(decisions.size()), sign == '+'});
  }
  return decisions;
}

TEST(StatisticsTest, PrecisionRecall) {
  EXPECT_DOUBLE_EQ(PrecisionRecallAuc(Order("++--"), 2), 1);
  // Points (1/2, 1) (1/2, 1/2) (1, 2/3): 1/2 + 1/2 * 7/12.
  EXPECT_DOUBLE_EQ(PrecisionRecallAuc(Order("+-+"), 2), 0.5 + 7.0 / 24);
  // Twice as many could be found: half of the recall.
  EXPECT_DOUBLE_EQ(PrecisionRecallAuc(Order("+-+"), 4), 0.25 + 7.0 / 48);
  // Begins with the precision of the first point, which is 0:
  // (0, 0) (1, 1/2).
  EXPECT_DOUBLE_EQ(PrecisionRecallAuc(Order("-+"), 1), 0.25);
  // Ties are one point: (1, 1/4).
  EXPECT_DOUBLE_EQ(
      PrecisionRecallAuc({{1, true}, {1, false}, {1, false}, {1, false}}, 1),
      0.25);
  EXPECT_EQ(PrecisionRecallAuc({}, 3), 0);
  EXPECT_EQ(PrecisionRecallAuc(Order("--"), 0), 0);
}

TEST(StatisticsTest, RocCountsPairs) {
  EXPECT_DOUBLE_EQ(RocAuc(Order("++--")), 1);
  EXPECT_DOUBLE_EQ(RocAuc(Order("--++")), 0);
  // Of the 4 pairs, the second positive loses one.
  EXPECT_DOUBLE_EQ(RocAuc(Order("+-+-")), 0.75);
  EXPECT_DOUBLE_EQ(RocAuc({{1, true}, {1, false}}), 0.5);
  EXPECT_DOUBLE_EQ(RocAuc({{-kInfinity, true}, {-kInfinity, false}}), 0.5);
  EXPECT_TRUE(std::isnan(RocAuc({})));
  EXPECT_TRUE(std::isnan(RocAuc(Order("++"))));
  EXPECT_TRUE(std::isnan(RocAuc(Order("--"))));
}

TEST(StatisticsTest, FalsePositivesAtARecall) {
  EXPECT_DOUBLE_EQ(FalsePositiveRate(Order("++--"), 0.95), 0);
  EXPECT_DOUBLE_EQ(FalsePositiveRate(Order("--++"), 0.95), 1);
  EXPECT_DOUBLE_EQ(FalsePositiveRate(Order("+-+-"), 0.95), 0.5);
  // One of two positives is enough.
  EXPECT_DOUBLE_EQ(FalsePositiveRate(Order("+-+-"), 0.5), 0);
  // 19 of 20 are exactly 95 %: the last positive need not be kept.
  EXPECT_DOUBLE_EQ(FalsePositiveRate(Order(std::string(19, '+') + "-+-"), 0.95),
                   0);
  EXPECT_DOUBLE_EQ(
      FalsePositiveRate(Order(std::string(18, '+') + "-++-"), 0.95), 0.5);
  // Negatives that tie with the last positive count.
  EXPECT_DOUBLE_EQ(FalsePositiveRate({{1, true}, {1, false}, {0, false}}, 0.95),
                   0.5);
  EXPECT_TRUE(std::isnan(FalsePositiveRate({}, 0.95)));
  EXPECT_TRUE(std::isnan(FalsePositiveRate(Order("++"), 0.95)));
}

TEST(StatisticsTest, BootstrapOfAMeanIsItsStandardError) {
  Values values;
  for (int i = 0; i < 400; ++i) values.push_back(i % 2);
  const auto mean = [&](std::span<const int> indices) {
    double sum = 0;
    for (const int i : indices) sum += values[i];
    return sum / static_cast<double>(indices.size());
  };
  const Interval interval = Bootstrap(400, mean, 1);
  EXPECT_EQ(interval.estimate, 0.5);
  // 1.96 * 0.5 / sqrt(400) = 0.049 either way.
  EXPECT_NEAR(interval.low, 0.451, 0.006);
  EXPECT_NEAR(interval.high, 0.549, 0.006);
  EXPECT_EQ(Bootstrap(400, mean, 1).low, interval.low);
}

TEST(StatisticsTest, BootstrapPairsWhatIsCompared) {
  // b = a + 1 on each item: the difference is certain, however a varies.
  const Values a{1, 50, 7, 1000}, b{2, 51, 8, 1001};
  const Interval interval = Bootstrap(
      4,
      [&](std::span<const int> indices) {
        double sum = 0;
        for (const int i : indices) sum += b[i] - a[i];
        return sum / static_cast<double>(indices.size());
      },
      3);
  EXPECT_DOUBLE_EQ(interval.low, 1);
  EXPECT_DOUBLE_EQ(interval.high, 1);
}

TEST(StatisticsTest, BootstrapOfNothingAndOfInfinity) {
  const auto zero = [](std::span<const int>) { return 0.0; };
  EXPECT_EQ(Bootstrap(0, zero, 1).high, 0);
  const auto endless = [](std::span<const int>) { return kInfinity; };
  EXPECT_EQ(Bootstrap(3, endless, 1).low, kInfinity);
  const auto undefined = [](std::span<const int>) { return std::nan(""); };
  EXPECT_TRUE(std::isnan(Bootstrap(3, undefined, 1).low));
}

}  // namespace
}  // namespace tiepoint
