// SPDX-License-Identifier: Apache-2.0
// OpenCV's features behind our interfaces, for side-by-side runs.
#pragma once

#include <memory>
#include <string>

#include "tiepoint/features/interfaces.h"

namespace tiepoint {

// name: "sift", "orb", "akaze" or "fast". The keypoints carry OpenCV's own
// angle; FAST has none (0).
// SIFT uses contrast threshold 0.01 so that 2048 keypoints are found, as the
// published comparisons of this project do, AKAZE 0.0001 for the same reason.
// FAST is FAST-9 with threshold 1: its score is the largest threshold at which
// a corner is one, so the strongest are the same at every threshold; scale 3.5,
// its radius in TILDE's evaluation.
// Position as OpenCV gives it (SIFT's lies 0.25 pixels right and down).
// A keypoint that OpenCV reports at one place with several angles stays
// several keypoints.
std::unique_ptr<Detector> MakeOpenCvDetector(const std::string& name);

// "sift": the dominant gradient direction of OpenCV's SIFT at a keypoint found
// by any detector (first peak of a 36-bin histogram over 1.5 * 3 sigma).
std::unique_ptr<OrientationEstimator> MakeOpenCvOrientation(
    const std::string& name);

// "sift" (128 numbers as OpenCV gives them), "rootsift" (L1-normalised, square
// root), "orb" and "akaze" (bits as 0/1; only with keypoints of their own
// detector, because they depend on OpenCV's octave).
std::unique_ptr<Descriptor> MakeOpenCvDescriptor(const std::string& name);

}  // namespace tiepoint
