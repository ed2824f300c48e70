// SPDX-License-Identifier: Apache-2.0
// The two networks that look at patches around keypoints.
#pragma once

#include "tiepoint/features/interfaces.h"
#include "tiepoint/image/patch.h"
#include "tiepoint/network/inference_network.h"

namespace tiepoint {

// The patch that a model was trained on, from its notes: "grid" (0 Cartesian,
// 1 log-polar), "support", "inner", "centre_shift"; its size is the model's
// input.
PatchGeometry GeometryOf(const Model& model);

// The angle of a network's answer, (-pi, pi]; of no direction at all 0.
float AngleOf(float cosine, float sine);

// Both run in the precision asked for; kFloat is what the trainer saw.

// LIFT's orientation network: an upright patch to (cos, sin), angle =
// atan2(out[1], out[0]). Covers all 360 degrees: when the patch turns by a, the
// angle turns by a.
class NetworkOrientation : public OrientationEstimator {
 public:
  explicit NetworkOrientation(Model model,
                              InferenceNetwork::Precision precision =
                                  InferenceNetwork::Precision::kFloat);
  void Estimate(const ImagePyramid& pyramid,
                std::span<Keypoint> keypoints) const override;

 private:
  InferenceNetwork network_;
  PatchGeometry geometry_;
};

// A patch turned by the keypoint's angle to the network's output (DeepDesc:
// 128 numbers compared by Euclidean distance).
class NetworkDescriptor : public Descriptor {
 public:
  explicit NetworkDescriptor(Model model,
                             InferenceNetwork::Precision precision =
                                 InferenceNetwork::Precision::kFloat);
  DescriptorMatrix Describe(const ImagePyramid& pyramid,
                            std::span<const Keypoint> keypoints) const override;

 private:
  InferenceNetwork network_;
  PatchGeometry geometry_;
};

}  // namespace tiepoint
