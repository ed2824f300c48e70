// SPDX-License-Identifier: Apache-2.0
// Angle and descriptor of a keypoint from one look at it.
#pragma once

#include "tiepoint/features/interfaces.h"
#include "tiepoint/image/polar_grid.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/oriented_model.h"

namespace tiepoint {

// See network/oriented_model.h. The patch is sampled upright, whatever the
// keypoint's angle. Throws InputError when the model does not take log-polar
// patches.
class OrientedNetwork : public OrientingDescriptor {
 public:
  explicit OrientedNetwork(const OrientedModel& model,
                           InferenceNetwork::Precision precision =
                               InferenceNetwork::Precision::kFastest);

  void Estimate(const ImagePyramid& pyramid,
                std::span<Keypoint> keypoints) const override;
  DescriptorMatrix Describe(const ImagePyramid& pyramid,
                            std::span<const Keypoint> keypoints) const override;
  // The same numbers as Estimate, then Describe, in half the time.
  DescriptorMatrix OrientAndDescribe(
      const ImagePyramid& pyramid,
      std::span<Keypoint> keypoints) const override;

 private:
  // The maps of up to trunk_.Batch() keypoints, channels last.
  std::vector<float> Maps(const ImagePyramid& pyramid,
                          std::span<const Keypoint> keypoints) const;
  void Orient(const std::vector<float>& maps,
              std::span<Keypoint> keypoints) const;
  void DescribeMaps(const std::vector<float>& maps,
                    std::span<const Keypoint> keypoints, float* out) const;
  DescriptorMatrix Empty(size_t keypoints) const;

  InferenceNetwork trunk_, orientation_, descriptor_;
  PolarGrid grid_;
  Shape map_;
};

}  // namespace tiepoint
