// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/matching/gms.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

constexpr int kSize = 800;

struct Problem {
  FeatureSet first, second;
  std::vector<Match> matches;
  std::vector<bool> truth;
};

// `good` keypoints that `move` takes to the second image, and `bad` pairs of
// random places, mixed.
Problem MakeProblem(
    int good, int bad,
    const std::function<std::array<float, 2>(float, float)>& move) {
  Random random(1);
  Problem p;
  for (FeatureSet* set : {&p.first, &p.second}) {
    set->image_width = kSize;
    set->image_height = kSize;
  }
  const auto place = [&] {
    return static_cast<float>(random.Uniform(0, kSize - 1));
  };
  while (good + bad > 0) {
    const bool is_good = random.Integer(good + bad) < good;
    const float x = place(), y = place();
    std::array<float, 2> to{place(), place()};
    if (is_good) to = move(x, y);
    if (!(to[0] >= 0 && to[1] >= 0 && to[0] < kSize && to[1] < kSize)) continue;
    --(is_good ? good : bad);
    const int k = static_cast<int>(p.matches.size());
    p.first.keypoints.push_back({.x = x, .y = y});
    p.second.keypoints.push_back({.x = to[0], .y = to[1]});
    p.matches.push_back({k, k, 0.5f, 1});
    p.truth.push_back(is_good);
  }
  return p;
}

struct Rates {
  double good = 0;  // share of the true matches that is kept
  double bad = 0;   // of the wrong ones
};

Rates Filtered(const Problem& p, const GmsOptions& options = {}) {
  double kept[2] = {}, all[2] = {};
  for (const bool good : p.truth) ++all[good];
  for (const Match& m : FilterGms(p.first, p.second, p.matches, options)) {
    ++kept[p.truth[m.i]];
  }
  return {all[1] > 0 ? kept[1] / all[1] : 0, all[0] > 0 ? kept[0] / all[0] : 0};
}

TEST(GmsTest, MatchesThatMoveTogetherStayAndOthersGo) {
  const Problem p = MakeProblem(5000, 3000, [](float x, float y) {
    return std::array{x + 37, y - 21};
  });
  const Rates rates = Filtered(p);
  EXPECT_GT(rates.good, 0.9);
  EXPECT_LT(rates.bad, 0.05);
}

TEST(GmsTest, RandomMatchesAreDropped) {
  const Problem p = MakeProblem(0, 4000, [](float x, float y) {
    return std::array{x, y};
  });
  EXPECT_LT(Filtered(p).bad, 0.001);
  EXPECT_LT(Filtered(p, {.rotation = true, .scale = true}).bad, 0.002);
}

TEST(GmsTest, AHalfTurnNeedsTheOption) {
  const Problem p = MakeProblem(5000, 1000, [](float x, float y) {
    return std::array{kSize - 1 - x, kSize - 1 - y};
  });
  EXPECT_LT(Filtered(p).good, 0.3);
  EXPECT_GT(Filtered(p, {.rotation = true}).good, 0.9);
}

TEST(GmsTest, LargerSizeNeedsTheOption) {
  const Problem p = MakeProblem(3000, 1000, [](float x, float y) {
    return std::array{2 * x - 400, 2 * y - 400};
  });
  // A cell goes to four cells of the same size, or to one of twice the size.
  EXPECT_LT(Filtered(p).good, 0.8);
  EXPECT_GT(Filtered(p, {.scale = true}).good, 0.95);
}

TEST(GmsTest, TheThresholdByHand) {
  // All n matches go from one inner cell to one inner cell: S = n, the mean
  // over nine cells is n / 9, so S >= 6 sqrt(n / 9) = 2 sqrt(n) from n = 4 on.
  for (const int count : {3, 4}) {
    Problem p;
    for (FeatureSet* set : {&p.first, &p.second}) {
      set->image_width = kSize;
      set->image_height = kSize;
    }
    for (int k = 0; k < count; ++k) {
      // Cells are 40 pixels: x 205..208 of cell 5, y 210 of cell 5.
      p.first.keypoints.push_back({.x = 205.0f + k, .y = 210});
      p.second.keypoints.push_back({.x = 405.0f + k, .y = 410});
      p.matches.push_back({k, k});
    }
    const auto kept = FilterGms(p.first, p.second, p.matches);
    EXPECT_EQ(kept.size(), count == 4 ? 4u : 0u);
  }
}

TEST(GmsTest, OrderStaysAndNothingIsAnAnswer) {
  const Problem p = MakeProblem(2000, 500, [](float x, float y) {
    return std::array{x, y};
  });
  int last = -1;
  for (const Match& m : FilterGms(p.first, p.second, p.matches)) {
    EXPECT_GT(m.i, last);
    EXPECT_EQ(m, p.matches[m.i]);
    last = m.i;
  }
  EXPECT_TRUE(FilterGms(p.first, p.second, {}).empty());
  EXPECT_TRUE(FilterGms({}, {}, {}).empty());
}

}  // namespace
}  // namespace tiepoint
