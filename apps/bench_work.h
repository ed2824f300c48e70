// SPDX-License-Identifier: Apache-2.0
// How much arithmetic the steps of a pipeline are, so that times can be held
// against what the machine can do.
#pragma once

#include "tiepoint/pipeline/preset.h"

// Multiply-adds of the plain form of each step (a filter bank as sums over its
// windows, whatever transforms are used in its place); 0 where nobody counted
// (OpenCV's steps).
struct StepsWork {
  double detect = 0;    // of one photograph
  double orient = 0;    // of one keypoint
  double describe = 0;  // of one keypoint; with the angle, where one network
                        // gives both
  bool half = false;    // the network of keypoints may run in bfloat16
};

StepsWork WorkOf(const tiepoint::Preset& preset,
                 const tiepoint::ExtractorOptions& options, int width,
                 int height);
