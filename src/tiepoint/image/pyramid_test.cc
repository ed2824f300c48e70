// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/pyramid.h"

#include <gtest/gtest.h>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

TEST(ImagePyramid, ColoursAreThoseOfTheFirstOctave) {
  const GrayImage gray(4, 2, 7);
  EXPECT_TRUE(ImagePyramid(gray).bgr().empty());
  const std::vector<uint8_t> bgr(4 * 2 * 3, 9);
  EXPECT_EQ(ImagePyramid(gray, bgr).bgr(), bgr);
  EXPECT_THROW(ImagePyramid(gray, std::vector<uint8_t>(4 * 2)), InputError);
}

TEST(ImagePyramid, NothingIsNoImage) {
  EXPECT_THROW(ImagePyramid{GrayImage()}, InputError);
}

}  // namespace
}  // namespace tiepoint
