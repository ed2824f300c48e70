// SPDX-License-Identifier: Apache-2.0
// The three steps of a feature pipeline. Each can be exchanged alone: a preset
// names one choice for each ("lift/lift/deepdesc", "sift/sift/deepdesc").
// Implementations are immutable after construction and may be called from
// several threads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/image/pyramid.h"

namespace tiepoint {

class Detector {
 public:
  virtual ~Detector() = default;
  // The `max_keypoints` strongest keypoints of the photograph (all of them when
  // 0), strongest first; ties are broken by position so that the order is
  // always the same. Scale is set; angle is 0 unless the detector knows better.
  virtual std::vector<Keypoint> Detect(const ImagePyramid& pyramid,
                                       int max_keypoints) const = 0;

  // The fewest bytes, beside the pyramid, in which it can work on a photograph
  // of this size, in strips; nothing where it knows whole photographs only.
  virtual std::optional<int64_t> LeastMemory(int /*width*/,
                                             int /*height*/) const {
    return std::nullopt;
  }
  // Detect in at most so many bytes (at least LeastMemory), if it works in
  // strips: the same keypoints, to the last bit.
  virtual std::vector<Keypoint> DetectWithin(int64_t /*bytes*/,
                                             const ImagePyramid& pyramid,
                                             int max_keypoints) const {
    return Detect(pyramid, max_keypoints);
  }

  // Does it look at ImagePyramid::bgr()? Then photographs are to be read with
  // ReadOptions::keep_colour; without colours they count as gray.
  virtual bool NeedsColour() const { return false; }
};

class OrientationEstimator {
 public:
  virtual ~OrientationEstimator() = default;
  // Sets the angle of every keypoint.
  virtual void Estimate(const ImagePyramid& pyramid,
                        std::span<Keypoint> keypoints) const = 0;
};

class Descriptor {
 public:
  virtual ~Descriptor() = default;
  virtual DescriptorMatrix Describe(
      const ImagePyramid& pyramid,
      std::span<const Keypoint> keypoints) const = 0;
};

// Angle and descriptor from one network.
class OrientingDescriptor : public OrientationEstimator, public Descriptor {
 public:
  // What Estimate and then Describe would do, at once.
  virtual DescriptorMatrix OrientAndDescribe(
      const ImagePyramid& pyramid, std::span<Keypoint> keypoints) const = 0;
};

}  // namespace tiepoint
