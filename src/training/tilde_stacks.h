// SPDX-License-Identifier: Apache-2.0
// What TILDE learns from (Verdie, Yi, Fua, Lepetit, CVPR 2015, section 4.1):
// stacks of pictures of one place in different light, and the places where
// points were found in many of them. The paper has webcams; here a stack is a
// part of one photograph, lit anew for each picture (relight.h), or, given a
// folder of photographs of a fixed camera, the same part of several of them.
#pragma once

#include <cstdint>
#include <vector>

#include "training/photographs.h"
#include "training/repeated_points.h"

namespace tiepoint {

// Where points were found again and again in the photographs of a fixed camera.
struct FixedCamera {
  // The most frequent: 100 in 640 x 480 pixels (the paper's number).
  std::vector<RepeatedPoint> places;
  // Repeated, too, but less often.
  std::vector<RepeatedPoint> others;
};

// Throws InputError when the photographs differ in size, or nothing repeats.
FixedCamera FindFixedCameraPlaces(const PhotographStore& photographs,
                                  const std::vector<int>& indices);

struct TildeStackOptions {
  int stacks = 4;
  int lights = 4;  // pictures a stack
  int side = 128;  // of the score maps; pictures are larger by the filter
  double strength = 1;
  // Candidate places a stack: the paper's 100 in a picture of 640 x 480.
  int places = 6;
  // Every photograph is of this fixed camera: pictures of a stack are then
  // taken from different photographs, not relit, not halved and mirrored from
  // left to right only; the places are the camera's. Null: see above.
  const FixedCamera* camera = nullptr;
};

struct TildeStacks {
  static constexpr int kChannels = 6;
  static constexpr int kFilter = 21;
  // A place in the score maps of all pictures of a stack.
  struct Place {
    int stack, x, y;
  };

  int stacks = 0, lights = 0, side = 0;
  // (stacks, lights, 6, side + 20, side + 20): GradLuv, not normalised.
  std::vector<float> channels;
  std::vector<Place> places;
  // Repeated, too, but not among the best: neither positive nor negative.
  std::vector<Place> others;
};

// Batch `index` of a seed is always the same. Photographs smaller than
// side + 20 are passed over. Throws InputError when all are.
TildeStacks MakeTildeStacks(const PhotographStore& photographs,
                            const std::vector<int>& indices,
                            const TildeStackOptions& options, uint64_t seed,
                            uint64_t index);

}  // namespace tiepoint
