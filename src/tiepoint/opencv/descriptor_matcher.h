// SPDX-License-Identifier: Apache-2.0
// Tiepoint's exact search for near descriptors as a class of OpenCV.
#pragma once

#include <memory>
#include <opencv2/features2d.hpp>
#include <vector>

namespace tiepoint {

// The same answers as cv::BFMatcher, by one matrix product
// (descriptor_index.h): nearest first, ties by the lower image and row;
// distances are Euclidean, or for NORM_HAMMING the number of bits that differ.
// Rows with NaN are never found. Lists of matches are replaced, where
// cv::BFMatcher adds to them. Errors are cv::Exception, as OpenCV's.
class DescriptorMatcher : public cv::DescriptorMatcher {
 public:
  // norm_type: NORM_L2 (CV_32F or CV_8U rows) or NORM_HAMMING (CV_8U rows).
  static cv::Ptr<DescriptorMatcher> create(int norm_type = cv::NORM_L2);
  ~DescriptorMatcher() override;

  void add(cv::InputArrayOfArrays descriptors) override;
  void clear() override;
  // Builds the index of what was added; the first match does so, too.
  void train() override;
  bool isMaskSupported() const override;  // true
  cv::Ptr<cv::DescriptorMatcher> clone(
      bool emptyTrainData = false) const override;

  // The norm.
  using cv::DescriptorMatcher::read;
  using cv::DescriptorMatcher::write;
  void read(const cv::FileNode& node) override;
  void write(cv::FileStorage& storage) const override;

 protected:
  void knnMatchImpl(cv::InputArray queryDescriptors,
                    std::vector<std::vector<cv::DMatch>>& matches, int k,
                    cv::InputArrayOfArrays masks, bool compactResult) override;
  // Distances of at most maxDistance.
  void radiusMatchImpl(cv::InputArray queryDescriptors,
                       std::vector<std::vector<cv::DMatch>>& matches,
                       float maxDistance, cv::InputArrayOfArrays masks,
                       bool compactResult) override;

 private:
  explicit DescriptorMatcher(int norm_type);
  struct Index;

  int norm_type_;
  std::unique_ptr<Index> index_;  // null until train()
};

}  // namespace tiepoint
