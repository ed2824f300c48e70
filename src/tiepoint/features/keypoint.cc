// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/keypoint.h"

#include <cmath>
#include <numbers>

namespace tiepoint {

float WrapAngle(double angle) {
  constexpr double kTurn = 2 * std::numbers::pi;
  constexpr float kPi = std::numbers::pi_v<float>;
  const float wrapped = static_cast<float>(
      angle - kTurn * std::floor((angle + std::numbers::pi) / kTurn));
  // Rounding to float may land on the excluded end.
  return wrapped >= kPi ? -kPi : wrapped;
}

}  // namespace tiepoint
