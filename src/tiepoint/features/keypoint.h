// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace tiepoint {

// A point that a detector found, in pixels of the working image: the centre of
// the first pixel is (0, 0).
struct Keypoint {
  float x = 0;
  float y = 0;
  float scale = 1;  // sigma in pixels (OpenCV KeyPoint::size / 2)
  float angle =
      0;  // radians, from +x toward +y (clockwise on screen), [-pi, pi)
  float score = 0;  // larger is better; comparable within one detector only
  bool operator==(const Keypoint&) const = default;
};

// Descriptors of one image, one a row, row-major; row i belongs to keypoint i.
// Distances are Euclidean. Binary descriptors (ORB, AKAZE) hold one bit in each
// number (0 or 1): their Euclidean order is the Hamming order.
struct DescriptorMatrix {
  int rows = 0;
  int cols = 0;
  std::vector<float> data;

  const float* Row(int i) const {
    return data.data() + static_cast<size_t>(i) * cols;
  }
  float* Row(int i) { return data.data() + static_cast<size_t>(i) * cols; }
};

// All features of one photograph. Keypoints are in pixels of the stored file,
// strongest first. Zero keypoints are a valid answer.
struct FeatureSet {
  int image_width = 0;
  int image_height = 0;
  std::vector<Keypoint> keypoints;
  DescriptorMatrix descriptors;
};

// `angle` brought into [-pi, pi).
float WrapAngle(double angle);

}  // namespace tiepoint
