// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <numbers>

#include "tiepoint/image/scale_space.h"

namespace tiepoint {

// The levels of a detector on jets (network/jet.h), which is cheap enough to
// look at an enlarged photograph: from half an octave below the pixels on, two
// an octave (docs/experiments.md, section 10). The patch networks learn from
// points on the same levels.
inline ScaleSpaceOptions JetScaleSpace() {
  ScaleSpaceOptions options;
  options.first_scale = kPixelsPerScale / std::numbers::sqrt2;
  options.levels_per_octave = 2;
  return options;
}

}  // namespace tiepoint
