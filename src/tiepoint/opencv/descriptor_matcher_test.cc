// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/opencv/descriptor_matcher.h"

#include <gtest/gtest.h>

namespace tiepoint {
namespace {

using Matches = std::vector<std::vector<cv::DMatch>>;

cv::Mat Rows(int rows, int type, int seed) {
  cv::Mat rows_of(rows, 32, type);
  cv::RNG(seed).fill(rows_of, cv::RNG::UNIFORM, 0, type == CV_32F ? 1 : 256);
  return rows_of;
}

void ExpectSame(const Matches& found, const Matches& expected, bool exact) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].size(), expected[i].size()) << i;
    for (size_t n = 0; n < found[i].size(); ++n) {
      EXPECT_EQ(found[i][n].queryIdx, expected[i][n].queryIdx);
      EXPECT_NEAR(found[i][n].distance, expected[i][n].distance,
                  exact ? 0 : 1e-4);
      // Of bits, many are equally near.
      if (exact) continue;
      EXPECT_EQ(found[i][n].trainIdx, expected[i][n].trainIdx);
      EXPECT_EQ(found[i][n].imgIdx, expected[i][n].imgIdx);
    }
  }
}

// Two train images, with masks and without, both kinds of search.
void ExpectBruteForce(int norm, int type, float radius) {
  const cv::Ptr<cv::DescriptorMatcher> ours = DescriptorMatcher::create(norm);
  const cv::Ptr<cv::DescriptorMatcher> theirs = cv::BFMatcher::create(norm);
  const std::vector<cv::Mat> train = {Rows(300, type, 1), Rows(200, type, 2)};
  const cv::Mat query = Rows(50, type, 3);
  std::vector<cv::Mat> masks = {cv::Mat(50, 300, CV_8U),
                                cv::Mat(50, 200, CV_8U)};
  for (cv::Mat& mask : masks) {
    cv::RNG(4).fill(mask, cv::RNG::UNIFORM, 0, 2);
    mask.row(7) = 0;
  }
  const bool exact = norm == cv::NORM_HAMMING;
  ours->add(train);
  theirs->add(train);
  EXPECT_FALSE(ours->empty());
  Matches found, expected;
  for (const int k : {1, 2, 7}) {
    ours->knnMatch(query, found, k);
    expected.clear();  // OpenCV's adds to what is there
    theirs->knnMatch(query, expected, k);
    ExpectSame(found, expected, exact);
    ours->knnMatch(query, found, k, masks, true);
    expected.clear();
    theirs->knnMatch(query, expected, k, masks, true);
    ExpectSame(found, expected, exact);
  }
  ours->radiusMatch(query, found, radius);
  expected.clear();
  theirs->radiusMatch(query, expected, radius);
  size_t near = 0;
  for (const auto& list : expected) near += list.size();
  EXPECT_GT(near, 100u);
  ExpectSame(found, expected, exact);
  ours->radiusMatch(query, found, radius, masks);
  expected.clear();
  theirs->radiusMatch(query, expected, radius, masks);
  ExpectSame(found, expected, exact);
  // Against one image, without a collection.
  ours->knnMatch(query, train[1], found, 2);
  expected.clear();
  theirs->knnMatch(query, train[1], expected, 2);
  ExpectSame(found, expected, exact);
}

TEST(DescriptorMatcherTest, FloatsAsBruteForce) {
  ExpectBruteForce(cv::NORM_L2, CV_32F, 1.95f);
}

TEST(DescriptorMatcherTest, BitsAsBruteForce) {
  ExpectBruteForce(cv::NORM_HAMMING, CV_8U, 110.5f);
}

TEST(DescriptorMatcherTest, CopiesAndCollections) {
  const cv::Ptr<DescriptorMatcher> matcher = DescriptorMatcher::create();
  EXPECT_TRUE(matcher->isMaskSupported());
  EXPECT_TRUE(matcher->empty());
  matcher->add(std::vector<cv::Mat>{Rows(9, CV_32F, 1)});
  std::vector<cv::DMatch> found;
  matcher->match(Rows(9, CV_32F, 1), found);
  ASSERT_EQ(found.size(), 9u);
  for (const cv::DMatch& match : found) {
    EXPECT_EQ(match.queryIdx, match.trainIdx);
    EXPECT_EQ(match.distance, 0);
  }
  // What is added later is found, too.
  matcher->add(std::vector<cv::Mat>{Rows(5, CV_32F, 2)});
  matcher->match(Rows(5, CV_32F, 2), found);
  EXPECT_EQ(found[3].imgIdx, 1);
  EXPECT_EQ(found[3].trainIdx, 3);
  EXPECT_EQ(matcher->clone(false)->getTrainDescriptors().size(), 2u);
  EXPECT_TRUE(matcher->clone(true)->empty());
  matcher->clear();
  EXPECT_TRUE(matcher->empty());
}

TEST(DescriptorMatcherTest, SaysWhatCannotBeMatched) {
  EXPECT_THROW(DescriptorMatcher::create(cv::NORM_L1), cv::Exception);
  const cv::Ptr<DescriptorMatcher> matcher =
      DescriptorMatcher::create(cv::NORM_HAMMING);
  Matches found;
  EXPECT_THROW(
      matcher->knnMatch(Rows(2, CV_32F, 1), Rows(2, CV_32F, 2), found, 1),
      cv::Exception);
  EXPECT_THROW(matcher->knnMatch(Rows(2, CV_8U, 1), cv::Mat::zeros(2, 5, CV_8U),
                                 found, 1),
               cv::Exception);
}

}  // namespace
}  // namespace tiepoint
