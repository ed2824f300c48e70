// SPDX-License-Identifier: Apache-2.0
// Tiepoint's features as a class of OpenCV: wherever a program takes a
// cv::Ptr<cv::Feature2D>, such as SIFT, it takes this one.
#pragma once

#include <memory>
#include <opencv2/features2d.hpp>
#include <string>
#include <vector>

namespace tiepoint {

// Conventions are OpenCV's: KeyPoint::pt counts from the centre of the first
// pixel, size is the diameter (twice our sigma), angle is in degrees clockwise
// on the screen in [0, 360), -1 where there is none; octave is 0, class_id -1.
// Descriptors are one a row.
//
// Not thread-safe, as others of OpenCV; one object a thread. What is wrong with
// arguments or weights is a cv::Exception (StsBadArg) with one line.
class Feature2D : public cv::Feature2D {
 public:
  // `preset` as of `tiepoint match` ("default", "rootsift",
  // "lift/lift/deepdesc",
  // ...); `models`: folder of the weights, empty: where the program looks.
  static cv::Ptr<Feature2D> create(const std::string& preset = "default",
                                   int max_keypoints = 2048,
                                   const std::string& models = "");
  ~Feature2D() override;

  // `image`: CV_8U, CV_16U (65535 is white) or CV_32F (0 .. 255), with 1, 3
  // (BGR) or 4 (BGRA) channels; an empty one gives nothing. `mask` (CV_8U, of
  // the image's size): keypoints lie where it is not 0, and the strongest
  // max_keypoints of those are found.
  // With useProvidedKeypoints the keypoints are described as they are; angles
  // of -1 are estimated, keypoints whose place or size is no number, or whose
  // size is not positive, are removed. The presets orb and akaze describe
  // keypoints of their own detector only.
  void detectAndCompute(cv::InputArray image, cv::InputArray mask,
                        std::vector<cv::KeyPoint>& keypoints,
                        cv::OutputArray descriptors,
                        bool useProvidedKeypoints = false) override;

  // Numbers a row; 0 where the preset describes nothing.
  int descriptorSize() const override;
  int descriptorType() const override;  // CV_32F; CV_8U for orb and akaze
  int defaultNorm() const override;     // NORM_L2; NORM_HAMMING for those
  bool empty() const override;          // false: there is nothing to train
  cv::String getDefaultName() const override;  // "Feature2D.Tiepoint"

  // preset, max_keypoints and models.
  using cv::Feature2D::read;
  using cv::Feature2D::write;
  void read(const cv::FileNode& node) override;
  void write(cv::FileStorage& storage) const override;

 private:
  Feature2D();
  void Make(const std::string& preset, int max_keypoints,
            const std::string& models);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tiepoint
