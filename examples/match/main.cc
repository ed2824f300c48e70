// SPDX-License-Identifier: Apache-2.0
// Matches a picture with itself turned by a quarter, through OpenCV's
// interfaces; prints how many matches are right.
#include <cstdio>
#include <opencv2/imgproc.hpp>

#include "tiepoint/opencv/descriptor_matcher.h"
#include "tiepoint/opencv/feature2d.h"

int main() {
  cv::Mat first(240, 320, CV_32FC1), second;
  cv::RNG(5).fill(first, cv::RNG::NORMAL, 0, 1);
  cv::GaussianBlur(first, first, {}, 2.5);
  first.convertTo(first, CV_8U, 400, 128);
  cv::rotate(first, second, cv::ROTATE_90_CLOCKWISE);

  const auto features = tiepoint::Feature2D::create("default", 300, MODELS);
  const auto matcher = tiepoint::DescriptorMatcher::create();
  std::vector<cv::KeyPoint> keypoints1, keypoints2;
  cv::Mat descriptors1, descriptors2;
  features->detectAndCompute(first, {}, keypoints1, descriptors1);
  features->detectAndCompute(second, {}, keypoints2, descriptors2);
  std::vector<cv::DMatch> matches;
  matcher->match(descriptors1, descriptors2, matches);

  size_t right = 0;
  for (const cv::DMatch& match : matches) {
    const cv::Point2f p = keypoints1[match.queryIdx].pt;
    const cv::Point2f turned(239 - p.y, p.x);
    right += cv::norm(keypoints2[match.trainIdx].pt - turned) < 2;
  }
  std::printf("%zu of %zu matches are right\n", right, matches.size());
  return right * 2 > matches.size() ? 0 : 1;
}
