// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/match_filter.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/network/random_consensus_model.h"

namespace tiepoint {
namespace {

// 300 keypoints that moved together by (40, 20), with descriptors that tell
// them apart, and 100 others.
struct Pair {
  FeatureSet first, second;
};

Pair MakePair() {
  constexpr int kRight = 300, kOthers = 100, kSize = 32;
  Random random(7);
  Pair pair;
  for (FeatureSet* set : {&pair.first, &pair.second}) {
    set->image_width = 640;
    set->image_height = 480;
    set->descriptors = {kRight + kOthers, kSize, {}};
    set->descriptors.data.resize((kRight + kOthers) * kSize);
  }
  for (int i = 0; i < kRight + kOthers; ++i) {
    Keypoint k;
    k.x = static_cast<float>(random.Uniform(0, 600));
    k.y = static_cast<float>(random.Uniform(0, 450));
    pair.first.keypoints.push_back(k);
    k.x += 40;
    k.y += 20;
    pair.second.keypoints.push_back(k);
    for (int d = 0; d < kSize; ++d) {
      const double v = random.Normal();
      const bool right = i < kRight;
      pair.first.descriptors.Row(i)[d] = static_cast<float>(v);
      pair.second.descriptors.Row(i)[d] = static_cast<float>(
          right ? v + 0.2 * random.Normal() : random.Normal());
    }
  }
  return pair;
}

FilteredMatches Filter(MatchFilter filter, const Pair& pair,
                       const CorrespondenceClassifier* classifier = nullptr,
                       double max_ratio = 0.8) {
  return MatchAndFilter(filter, {.first = &pair.first,
                                 .second = &pair.second,
                                 .camera1 = {},
                                 .camera2 = {},
                                 .max_ratio = max_ratio,
                                 .classifier = classifier});
}

TEST(MatchFilterTest, AllReturnTheSameMutualMatches) {
  const Pair pair = MakePair();
  const CorrespondenceClassifier classifier(
      RandomConsensusModel({9, 16, {1, 1}, true}, 1));
  const FilteredMatches none = Filter(MatchFilter::kNone, pair);
  EXPECT_EQ(none.NumKept(), static_cast<int>(none.matches.size()));
  for (const MatchFilter filter :
       {MatchFilter::kRatio, MatchFilter::kGms, MatchFilter::kLearned}) {
    const FilteredMatches filtered = Filter(filter, pair, &classifier);
    ASSERT_EQ(filtered.matches.size(), none.matches.size()) << Name(filter);
    ASSERT_EQ(filtered.weights.size(), none.matches.size());
    for (size_t k = 0; k < none.matches.size(); ++k) {
      EXPECT_EQ(filtered.matches[k].i, none.matches[k].i);
      EXPECT_EQ(filtered.matches[k].j, none.matches[k].j);
      EXPECT_TRUE(filtered.weights[k] >= 0 && filtered.weights[k] <= 1);
    }
  }
}

TEST(MatchFilterTest, RatioKeepsTheRightOnes) {
  const FilteredMatches filtered = Filter(MatchFilter::kRatio, MakePair());
  int right = 0, wrong = 0;
  for (size_t k = 0; k < filtered.matches.size(); ++k) {
    const bool same = filtered.matches[k].i == filtered.matches[k].j;
    (same ? right : wrong) += filtered.weights[k] > 0;
  }
  EXPECT_GT(right, 250);
  EXPECT_LT(wrong, 5);
}

TEST(MatchFilterTest, ASmallerRatioKeepsFewer) {
  const Pair pair = MakePair();
  EXPECT_LT(Filter(MatchFilter::kRatio, pair, nullptr, 0.2).NumKept(),
            Filter(MatchFilter::kRatio, pair, nullptr, 0.9).NumKept());
}

// As if the others had been all there was.
TEST(MatchFilterTest, WithoutSomeTheOthersAreJudgedAlone) {
  const Pair pair = MakePair();
  const CorrespondenceClassifier classifier(
      RandomConsensusModel({9, 16, {1, 1}, true}, 1));
  const FilteredMatches all = Filter(MatchFilter::kLearned, pair, &classifier);
  std::vector<int> left_out;
  std::vector<Match> others;
  for (int k = 0; k < static_cast<int>(all.matches.size()); ++k) {
    if (k % 3 == 0) {
      left_out.push_back(k);
    } else {
      others.push_back(all.matches[k]);
    }
  }
  const std::vector<double> weights =
      ClassifyWithout({.first = &pair.first,
                       .second = &pair.second,
                       .camera1 = {},
                       .camera2 = {},
                       .classifier = &classifier},
                      all.matches, left_out);
  const auto alone =
      classifier.Classify(pair.first, pair.second, others).weights;
  ASSERT_EQ(weights.size(), all.matches.size());
  size_t next = 0;
  bool changed = false;
  for (size_t k = 0; k < weights.size(); ++k) {
    const double expected = k % 3 == 0 ? 0 : alone[next++];
    EXPECT_EQ(weights[k], expected) << k;
    changed = changed || (k % 3 != 0 && weights[k] != all.weights[k]);
  }
  EXPECT_TRUE(changed);
}

TEST(MatchFilterTest, NamesReadBack) {
  for (const MatchFilter filter : {MatchFilter::kNone, MatchFilter::kRatio,
                                   MatchFilter::kGms, MatchFilter::kLearned}) {
    EXPECT_EQ(ParseMatchFilter(Name(filter)), filter);
  }
  EXPECT_THROW(ParseMatchFilter("lowe"), InputError);
}

TEST(MatchFilterTest, NoKeypointsAreFine) {
  Pair pair;
  pair.first.image_width = pair.second.image_width = 640;
  pair.first.image_height = pair.second.image_height = 480;
  const CorrespondenceClassifier classifier(
      RandomConsensusModel({9, 16, {1}, false}, 1));
  for (const MatchFilter filter : {MatchFilter::kNone, MatchFilter::kRatio,
                                   MatchFilter::kGms, MatchFilter::kLearned}) {
    EXPECT_TRUE(Filter(filter, pair, &classifier).matches.empty());
  }
}

}  // namespace
}  // namespace tiepoint
