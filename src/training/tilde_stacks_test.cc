// SPDX-License-Identifier: Apache-2.0
#include "training/tilde_stacks.h"

#include <gtest/gtest.h>

namespace tiepoint {
namespace {

Keypoint At(float x, float y) {
  Keypoint k;
  k.x = x;
  k.y = y;
  return k;
}

// Three pictures by hand. Near (10, 10): all three. Near (40, 10): two. At
// (70, 70): one, so none. (13, 10) is no second place beside (10, 10).
TEST(TildeStacks, RepeatedPlacesCountPictures) {
  const std::vector<std::vector<Keypoint>> detections = {
      {At(10, 10), At(40, 10), At(70, 70)},
      {At(11, 10), At(41, 12)},
      {At(12, 10)}};
  const auto places = FindRepeatedPlaces(detections, 3, 10);
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[0].pictures, 3);
  EXPECT_DOUBLE_EQ(places[0].x, 11);
  EXPECT_DOUBLE_EQ(places[0].y, 10);
  EXPECT_EQ(places[1].pictures, 2);
  EXPECT_DOUBLE_EQ(places[1].x, 40.5);
  EXPECT_DOUBLE_EQ(places[1].y, 11);
  EXPECT_EQ(FindRepeatedPlaces(detections, 3, 1).size(), 1u);
}

// Two detections of one picture are one vote.
TEST(TildeStacks, APictureVotesOnce) {
  EXPECT_TRUE(
      FindRepeatedPlaces({{At(10, 10), At(11, 10)}, {}}, 3, 10).empty());
}

}  // namespace
}  // namespace tiepoint
