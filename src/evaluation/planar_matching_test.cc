// SPDX-License-Identifier: Apache-2.0
#include "evaluation/planar_matching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tiepoint {
namespace {

TEST(PlanarMatchingTest, ErrorsAreTransferErrorsInImage2) {
  FeatureSet first, second;
  first.keypoints = {{0, 0}, {10, 0}, {20, 0}};
  second.keypoints = {{50.5, 0}, {63, 4}, {70, 0}};
  constexpr Matrix3 kShift{1, 0, 50, 0, 1, 0, 0, 0, 1};  // x2 = x1 + 50
  EXPECT_THAT(MatchErrors(first, second, {{0, 0}, {1, 1}, {2, 2}}, kShift),
              ::testing::ElementsAre(0.5, 5, 0));
}

}  // namespace
}  // namespace tiepoint
