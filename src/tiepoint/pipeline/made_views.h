// SPDX-License-Identifier: Apache-2.0
// For tests: features of two photographs of a made world.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

inline constexpr PinholeCamera kCamera{800, 800, 499.5, 399.5};

// What two cameras see: the second is turned about the vertical axis and moved.
struct World {
  double turn = 0.1;  // radians
  double baseline = 1;
  bool flat = false;  // all points at one depth
  int common = 200, others = 40;
};

struct Views {
  FeatureSet first, second;
};

inline Views Look(const World& world, uint64_t seed = 5) {
  constexpr int kLength = 32;
  Random random(seed);
  Views views;
  const auto add = [&](FeatureSet& set, double x, double y,
                       const std::vector<float>& descriptor) {
    Keypoint k;
    k.x = static_cast<float>(x);
    k.y = static_cast<float>(y);
    set.keypoints.push_back(k);
    set.descriptors.data.insert(set.descriptors.data.end(), descriptor.begin(),
                                descriptor.end());
  };
  const auto any = [&] {
    std::vector<float> descriptor(kLength);
    for (float& number : descriptor) {
      number = static_cast<float>(random.Normal());
    }
    return descriptor;
  };
  for (int i = 0; i < world.common + world.others; ++i) {
    const double depth = world.flat ? 8 : random.Uniform(4, 12);
    const double x = random.Uniform(100, 900), y = random.Uniform(50, 750);
    const double X = (x - kCamera.cx) / kCamera.fx * depth;
    const double Y = (y - kCamera.cy) / kCamera.fy * depth;
    const double c = std::cos(world.turn), s = std::sin(world.turn);
    const double X2 = c * X + s * depth - world.baseline;
    const double Z2 = -s * X + c * depth;
    const auto descriptor = any();
    add(views.first, x, y, descriptor);
    if (i < world.common) {
      add(views.second, kCamera.fx * X2 / Z2 + kCamera.cx,
          kCamera.fy * Y / Z2 + kCamera.cy, descriptor);
    } else {
      add(views.second, random.Uniform(0, 1000), random.Uniform(0, 800), any());
    }
  }
  for (FeatureSet* set : {&views.first, &views.second}) {
    set->image_width = 1000;
    set->image_height = 800;
    set->descriptors.rows = static_cast<int>(set->keypoints.size());
    set->descriptors.cols = kLength;
  }
  return views;
}

}  // namespace tiepoint
